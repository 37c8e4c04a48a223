;; Lets its memory move under the host's feet: weir_alloc grows it to fit a frame, and every request grows it by a page, at whose start the
;; verdict lies, a tag with the number of pages. When there is no page left it says nothing.
(module
  (memory (export "memory") 1)
  (func (export "weir_abi_1"))

  (func (export "weir_alloc") (param $size i32) (result i32)
    (local $old i32)
    (local.set $old (memory.grow (i32.shr_u (i32.add (local.get $size) (i32.const 0xffff)) (i32.const 16))))
    (if (i32.eq (local.get $old) (i32.const -1)) (then (return (i32.const 0))))
    (i32.shl (local.get $old) (i32.const 16)))

  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $old i32) (local $at i32) (local $pages i32)
    (local.set $old (memory.grow (i32.const 1)))
    (if (i32.eq (local.get $old) (i32.const -1)) (then (return (i64.const 0))))
    (local.set $at (i32.shl (local.get $old) (i32.const 16)))
    (local.set $pages (memory.size))
    ;; TAG (10), 16 bytes: "pages", three digits
    (i64.store (local.get $at) (i64.const 0x000000100000000a))
    (i32.store offset=8 (local.get $at) (i32.const 5))
    (i64.store offset=12 (local.get $at) (i64.const 0x0000007365676170))
    (i32.store offset=17 (local.get $at) (i32.const 3))
    (i32.store8 offset=21 (local.get $at) (i32.add (i32.const 48) (i32.div_u (local.get $pages) (i32.const 100))))
    (i32.store8 offset=22 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $pages) (i32.const 10)) (i32.const 10))))
    (i32.store8 offset=23 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $pages) (i32.const 10))))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.const 24))))
