;; Sets the length of the request to the target.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\08\00\00\00\17\00\00\00\0e\00\00\00content-length\01\00\00\000")
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0x100000000001f)))
