;; An action holds more bytes than its fields have.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\0c\00\00\00\08\00\00\00\01\00\00\00\02\00\00\00")
  (func (export "weir_on_delta") (param i32 i32) (result i64)
    (i64.const 0x1000000000010)))
