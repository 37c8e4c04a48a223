;; Looks for what others left behind. A request is tagged "leak" with eight hex digits: how many words of memory, those of pages to
;; come included, globals and elements of tables are not what they are in a fresh instance. Afterwards it leaves a secret in all of them: the
;; second call in an instance finds it, the first call in another must find nothing. Dropped segments make it trap.
;;
;; Memory: 0..256 belongs to the verdict, 1024..33792 to frames; 33792.. and all pages beyond are looked at.
(module
  (memory (export "memory") 2)
  (table $t 64 funcref)
  (table $x 64 externref)
  (elem $segment func $f)
  (data $bytes "passive")
  (global $g32 (mut i32) (i32.const 0))
  (global $g64 (mut i64) (i64.const 0))
  (global $f64 (mut f64) (f64.const 0))
  (global $v (mut v128) (v128.const i64x2 0 0))
  (global $ref (mut funcref) (ref.null func))
  (func $f)
  (func (export "weir_abi_1"))

  (func (export "weir_alloc") (param $size i32) (result i32)
    (if (i32.gt_u (local.get $size) (i32.const 0x8000)) (then (return (i32.const 0))))
    (i32.const 1024))

  ;; How many words from $at up to $end, a multiple of eight bytes away, are not zero.
  (func $words (param $at i32) (param $end i32) (result i32)
    (local $n i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $n (i32.add (local.get $n) (i64.ne (i64.load (local.get $at)) (i64.const 0))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (local.get $n))

  ;; How many of the globals and elements hold something.
  (func $state (result i32)
    (local $i i32) (local $n i32)
    (local.set $n (i32.add
      (i32.add (i32.ne (global.get $g32) (i32.const 0)) (i64.ne (global.get $g64) (i64.const 0)))
      (i32.add (f64.ne (global.get $f64) (f64.const 0)) (v128.any_true (global.get $v)))))
    (local.set $n (i32.add (local.get $n) (i32.eqz (ref.is_null (global.get $ref)))))
    (loop $next
      (local.set $n (i32.add (local.get $n)
        (i32.add (i32.eqz (ref.is_null (table.get $t (local.get $i)))) (i32.eqz (ref.is_null (table.get $x (local.get $i)))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
    (i32.add (local.get $n)
      (i32.add (i32.ne (table.size $t) (i32.const 64)) (i32.ne (memory.size) (i32.const 2)))))

  ;; Leaves the secret. Segments are dropped: a fresh instance has them again.
  (func $hide
    (memory.fill (i32.const 33792) (i32.const 0xa5) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 33792)))
    (global.set $g32 (i32.const 0xa5a5a5a5))
    (global.set $g64 (i64.const 0xa5a5a5a5a5a5a5a5))
    (global.set $f64 (f64.const 42))
    (global.set $v (v128.const i64x2 0xa5a5a5a5a5a5a5a5 0xa5a5a5a5a5a5a5a5))
    (global.set $ref (ref.func $f))
    (table.fill $t (i32.const 0) (ref.func $f) (i32.const 64))
    (drop (table.grow $t (ref.func $f) (i32.const 8)))
    (elem.drop $segment)
    (data.drop $bytes))

  ;; Traps where the segments are gone, without having marked the instance as used.
  (func $segments
    (if (i32.eqz (global.get $g32))
      (then
        (memory.init $bytes (i32.const 33792) (i32.const 0) (i32.const 7))
        (memory.fill (i32.const 33792) (i32.const 0) (i32.const 7))
        (table.init $t $segment (i32.const 0) (i32.const 0) (i32.const 1))
        (table.set $t (i32.const 0) (ref.null func)))))

  ;; TAG (10), 20 bytes: "leak", eight hex digits.
  (func $tag (param $n i32)
    (local $i i32) (local $digit i32)
    (i64.store (i32.const 0) (i64.const 0x000000140000000a))
    (i32.store (i32.const 8) (i32.const 4))
    (i32.store (i32.const 12) (i32.const 0x6b61656c))
    (i32.store (i32.const 16) (i32.const 8))
    (loop $next
      (local.set $digit (i32.and (i32.shr_u (local.get $n) (i32.sub (i32.const 28) (i32.shl (local.get $i) (i32.const 2)))) (i32.const 15)))
      (i32.store8 offset=20 (local.get $i) (i32.add (local.get $digit)
        (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 10)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8)))))

  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $n i32) (local $end i32)
    (local.set $n (i32.add (call $state) (call $words (i32.const 33792) (i32.shl (memory.size) (i32.const 16)))))
    (local.set $end (memory.size))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) ;; a page that a pool may have lent to others before
      (then (local.set $n (i32.add (local.get $n)
        (call $words (i32.shl (local.get $end) (i32.const 16)) (i32.shl (memory.size) (i32.const 16)))))))
    (call $segments)
    (call $hide)
    (call $tag (local.get $n))
    (i64.const 28)))
