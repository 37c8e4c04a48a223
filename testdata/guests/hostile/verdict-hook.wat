;; Denies a request when its answer is already on its way.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\01\00\00\00\14\00\00\00\93\01\00\00\00\00\00\00\08\00\00\00too late")
  (func (export "weir_on_delta") (param i32 i32) (result i64)
    (i64.const 0x100000000001c)))
