;; Fills a table of 10,000 elements over and over: each table.fill is one instruction.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (table $t 10000 funcref)
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (loop $again
      (table.fill $t (i32.const 0) (ref.null func) (i32.const 10000))
      (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 9999))
      (br $again))
    (i64.const 0)))
