;; weir_alloc answers an address beyond the memory.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param $size i32) (result i32) (i32.const 0x7fff0000))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0)))
