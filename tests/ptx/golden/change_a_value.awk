# Changes the first digit of the first value of a file of golden values.
/^out/ && !done {
  digit = substr($3, 1, 1) == "0" ? "1" : "0"
  $3 = digit substr($3, 2)
  done = 1
}
{ print }
