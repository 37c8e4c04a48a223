;; Looks at each byte of TEXT in a turn of a loop of its own: the least work a turn of a loop can do, and so what metering costs
;; most. Denies nothing: it leaves how many bytes are "x" in its memory, at 0.
(module
  (memory (export "memory") 1)
  (func (export "weir_abi_1"))

  ;; Frames begin at 16; memory grows until they fit.
  (func (export "weir_alloc") (param $size i32) (result i32)
    (local $pages i32)
    (local.set $pages (i32.shr_u (i32.add (local.get $size) (i32.const 0x1000f)) (i32.const 16)))
    (if (i32.gt_u (local.get $pages) (memory.size))
      (then (if (i32.eq (memory.grow (i32.sub (local.get $pages) (memory.size))) (i32.const -1)) (then (return (i32.const 0))))))
    (i32.const 16))

  ;; The entry of the directory whose kind is TEXT (8); 0 when there is none.
  (func $text (param $frame i32) (result i32)
    (local $entry i32) (local $n i32)
    (local.set $entry (i32.add (local.get $frame) (i32.const 16)))
    (local.set $n (i32.load16_u offset=10 (local.get $frame)))
    (block $none
      (loop $next
        (br_if $none (i32.eqz (local.get $n)))
        (if (i32.eq (i32.load16_u (local.get $entry)) (i32.const 8)) (then (return (local.get $entry))))
        (local.set $entry (i32.add (local.get $entry) (i32.const 12)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func (export "weir_on_request") (param $frame i32) (param $size i32) (result i64)
    (local $entry i32) (local $at i32) (local $end i32) (local $count i32)
    (if (i32.eqz (local.tee $entry (call $text (local.get $frame)))) (then (return (i64.const 0))))
    (local.set $at (i32.add (local.get $frame) (i32.load offset=4 (local.get $entry))))
    (local.set $end (i32.add (local.get $at) (i32.load offset=8 (local.get $entry))))
    (block $done
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (loop $next
        (local.set $count (i32.add (local.get $count) (i32.eq (i32.load8_u (local.get $at)) (i32.const 120))))
        (br_if $next (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $end)))))
    (i32.store (i32.const 0) (local.get $count))
    (i64.const 0)))
