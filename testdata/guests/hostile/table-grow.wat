;; Asks for 64 Mi elements, then for half of it, and so on, and again.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (table $t 1 externref)
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $n i32)
    (loop $again
      (local.set $n (i32.const 0x4000000))
      (loop $less
        (drop (table.grow $t (ref.null extern) (local.get $n)))
        (br_if $less (local.tee $n (i32.shr_u (local.get $n) (i32.const 1)))))
      (br $again))
    (i64.const 0)))
