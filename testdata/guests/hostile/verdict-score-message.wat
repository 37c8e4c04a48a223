;; A score of a message that the request does not have.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\09\00\00\00\14\00\00\00\00\00\00\00\00\00\f0\3f\40\42\0f\00\04\00\00\00risk")
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0x100000000001c)))
