;; A manifest with a key that version 1 does not have.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "{\22name\22:\22x\22,\22version\22:\221\22,\22network\22:true}")
  (func (export "weir_manifest") (result i64) (i64.const 0x1000000000029))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0)))
