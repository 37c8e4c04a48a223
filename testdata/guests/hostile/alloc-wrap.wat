;; weir_alloc answers an address from which the frame would wrap around.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param $size i32) (result i32) (i32.const 0xfffffff0))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0)))
