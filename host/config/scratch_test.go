package config
import ("testing";"fmt";"strings";"time";"syscall")
func cpu() time.Duration { var r syscall.Rusage; syscall.Getrusage(syscall.RUSAGE_SELF,&r); return time.Duration(r.Utime.Nano()) }
func run(s string) time.Duration { st:=cpu(); Parse("x", []byte(s), func(string)(string,bool){return "v",true}); return cpu()-st }
func TestScratch(t *testing.T){
 units := []string{"a","a: ","- ","? ",": ","[","{","]","}",",","\n","  ","\"","'","#","| ","> ","@","${A}","$","\\","1","a: b\n","- a\n","  - a\n","\"a\": b, ","[]","{}", "é","|\n", ">\n", " a\n", "a:\n ", "a\n\n", "'' ", "\\n", "0x1 ", "\n  ", "\n    "}
 for _, pre := range []string{"", "a: ", "{", "[", "a: \"", "a: |\n  ", "a: '"} {
 for _, u := range units { for _, w := range units {
  rep := u+w
  d := run(pre+strings.Repeat(rep, 160000/len(rep)))
  if d > 250*time.Millisecond {
    e := run(pre+strings.Repeat(rep, 640000/len(rep)))
    fmt.Printf("%q %q %v -> %v\n", pre, rep, d, e)
  }
 }}}
}
