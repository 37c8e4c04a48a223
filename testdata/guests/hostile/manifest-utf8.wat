;; A manifest that is not UTF-8.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "{\22name\22:\22x\22,\22version\22:\22\ff\22}")
  (func (export "weir_manifest") (result i64) (i64.const 0x100000000001a))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0)))
