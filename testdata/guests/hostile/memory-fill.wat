;; Takes all memory it can get, then fills it over and over: each memory.fill is one instruction.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $size i32)
    (loop $more ;; as much as there is, 4 GiB where nobody says no
      (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (local.set $size (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 1)))
    (loop $again
      (memory.fill (i32.const 0) (i32.const 0xa5) (local.get $size))
      (br $again))
    (i64.const 0)))
