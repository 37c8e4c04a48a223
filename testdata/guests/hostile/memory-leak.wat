;; Grows its memory by a page in every call, writes to it and keeps it; traps when it is refused.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $old i32)
    (local.set $old (memory.grow (i32.const 1)))
    (if (i32.eq (local.get $old) (i32.const -1)) (then (unreachable)))
    (i32.store (i32.shl (local.get $old) (i32.const 16)) (i32.const 1))
    (i64.const 0)))
