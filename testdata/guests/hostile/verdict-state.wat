;; Leaves a state of 5 KiB.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\0e\00\00\00\00\14\00\00") ;; zeros follow
  (func (export "weir_on_delta") (param i32 i32) (result i64)
    (i64.const 0x1000000001408)))
