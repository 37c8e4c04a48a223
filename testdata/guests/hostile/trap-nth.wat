;; Traps on the third call that an instance gets.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (global $calls (mut i32) (i32.const 0))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eq (global.get $calls) (i32.const 3)) (then (unreachable)))
    (i64.const 0)))
