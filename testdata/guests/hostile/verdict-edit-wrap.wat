;; Edits a range whose offset and length add up to more than 32 bits.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\07\00\00\00\11\00\00\00\00\00\00\00\f0\ff\ff\ff\20\00\00\00\01\00\00\00x")
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0x1000000000019)))
