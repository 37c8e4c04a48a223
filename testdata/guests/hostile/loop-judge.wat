;; Loops without end in on_judge.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_judge") (param i32 i32) (result i64)
    (loop $again (br $again))
    (i64.const 0)))
