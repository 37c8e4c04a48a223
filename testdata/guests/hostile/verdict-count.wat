;; A verdict of 4,097 actions, WANT_TEXT each.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $i i32)
    (loop $again ;; kind 15, no flags, no payload
      (i64.store offset=65536 (i32.shl (local.get $i) (i32.const 3)) (i64.const 15))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 4097))))
    (i64.const 0x0001000000008008)))
