;; Grows a table element by element and begins anew when it is refused.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (table $t 1 funcref)
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (loop $again
      (drop (table.grow $t (ref.null func) (i32.const 1)))
      (br $again))
    (i64.const 0)))
