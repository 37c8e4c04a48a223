;; weir_alloc answers where the verdict lies that is returned: the host reads its own frame as a verdict.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.const 4096) (i64.const 32)) (i64.const 40))))
