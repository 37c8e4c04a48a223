;; Uses the exception-handling proposal.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (tag $e (param i32))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (throw $e (i32.const 1))))
