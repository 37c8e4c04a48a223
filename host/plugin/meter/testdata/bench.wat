;; What BenchmarkGuest runs. Build: wat2wasm bench.wat
(module
  (memory (export "memory") 2)
  (func (export "empty"))

  ;; The worst case for metering: one byte a round, as a compiler writes it.
  (func (export "bytes") (param $p i32) (param $n i32) (result i32)
    (local $end i32) (local $sum i32)
    (local.set $end (i32.add (local.get $p) (local.get $n)))
    (block $done
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.eq (i32.load8_u (local.get $p)) (i32.const 65))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $p) (local.get $end)))))
    (local.get $sum))

  ;; A search with two ways out and a branch within.
  (func (export "search") (param $p i32) (param $n i32) (result i32)
    (local $end i32) (local $c i32) (local $sum i32)
    (local.set $end (i32.add (local.get $p) (local.get $n)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $c (i32.load8_u (local.get $p)))
        (br_if $done (i32.eq (local.get $c) (i32.const 255)))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (if (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26))
          (then (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
                (br $next)))
        (local.set $sum (i32.add (local.get $sum) (local.get $c)))
        (br $next)))
    (local.get $sum))

  ;; 16 bytes a round.
  (func (export "simd") (param $p i32) (param $n i32) (result i32)
    (local $end i32) (local $sum i32)
    (local.set $end (i32.add (local.get $p) (local.get $n)))
    (block $done
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (loop $next
        (local.set $sum
          (i32.add (local.get $sum)
            (i32.popcnt (i8x16.bitmask
              (v128.or
                (i8x16.eq (v128.load (local.get $p)) (i8x16.splat (i32.const 65)))
                (i8x16.eq (v128.load (local.get $p)) (i8x16.splat (i32.const 97))))))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $p) (local.get $end)))))
    (local.get $sum))

  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func $mix (param $h i32) (param $c i32) (result i32)
    (i32.mul (i32.xor (local.get $h) (local.get $c)) (i32.const 16777619)))

  ;; A call of a small function for every byte.
  (func (export "hash") (param $p i32) (param $n i32) (result i32)
    (local $end i32) (local $h i32)
    (local.set $end (i32.add (local.get $p) (local.get $n)))
    (local.set $h (i32.const 0x811c9dc5))
    (block $done
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (loop $next
        (local.set $h (call $mix (local.get $h) (i32.load8_u (local.get $p))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $p) (local.get $end)))))
    (local.get $h))
)
