;; A manifest of 1 MiB of blanks.
(module
  (memory (export "memory") 17)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_manifest") (result i64)
    (memory.fill (i32.const 65536) (i32.const 0x20) (i32.const 0x100000))
    (i64.const 0x0001000000100000))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0)))
