;; Two edits of one range.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\07\00\00\00\11\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\01\00\00\00x\07\00\00\00\11\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\01\00\00\00y")
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0x1000000000032)))
