;; The smallest guest that has every hook: it looks at nothing and lets everything pass.
(module
  (memory (export "memory") 1)

  (func (export "weir_abi_1"))

  ;; Frames begin at 16; memory grows until they fit.
  (func (export "weir_alloc") (param $size i32) (result i32)
    (local $pages i32) ;; that it takes
    (local.set $pages (i32.shr_u (i32.add (local.get $size) (i32.const 0x1000f)) (i32.const 16)))
    (if (i32.gt_u (local.get $pages) (memory.size))
      (then (if (i32.eq (memory.grow (i32.sub (local.get $pages) (memory.size))) (i32.const -1)) (then (return (i32.const 0))))))
    (i32.const 16))

  (func (export "weir_on_configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "weir_on_request") (param i32 i32) (result i64) (i64.const 0))
  (func (export "weir_on_delta") (param i32 i32) (result i64) (i64.const 0))
  (func (export "weir_on_end") (param i32 i32) (result i64) (i64.const 0))
  (func (export "weir_on_tick") (param i32 i32) (result i64) (i64.const 0))
  (func (export "weir_on_judge") (param i32 i32) (result i64) (i64.const 0))
  (func (export "weir_on_feedback") (param i32 i32) (result i64) (i64.const 0)))
