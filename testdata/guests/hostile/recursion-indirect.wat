;; Calls itself through a table without end.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (table 1 funcref)
  (elem (i32.const 0) $f)
  (type $unary (func (param i64) (result i64)))
  (func $f (type $unary)
    (i64.add (call_indirect (type $unary) (i64.add (local.get 0) (i64.const 1)) (i32.const 0)) (i64.const 1)))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (call $f (i64.const 0))))
