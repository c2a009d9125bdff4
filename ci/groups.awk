# Puts source files into groups that can be read as one: of one folder, `most` files at most, of which no two give a name to
# something of their own that is the same. Prints a group a line, its files apart by spaces.
FNR == 1 {
  own = 0
  folder[FILENAME] = FILENAME
  sub("/[^/]*$", "", folder[FILENAME])
  files[++count] = FILENAME
}
/^namespace \{/ { own = 1; next }
/^\}  \/\/ namespace$/ { own = 0; next }
# All chapters define the same names, and so do programs.
/^FINWAIT_CHAPTER/ { names[FILENAME] = names[FILENAME] " chapter" }
/^int main\(/ { names[FILENAME] = names[FILENAME] " main" }
# What begins in the first column, as clang-format has it: a type, a function, a constant.
own && /^[A-Za-z]/ {
  name = $0
  if (name ~ /^using [A-Za-z_0-9]+ = /) {
    sub("^using ", "", name)
    sub(" .*", "", name)
  } else {
    sub("[({=;].*", "", name)
    sub(" +$", "", name)
    sub(".*[^A-Za-z_0-9]", "", name)
  }
  if (name != "") names[FILENAME] = names[FILENAME] " " name
}
END {
  for (i = 1; i <= count; i++) {
    file = files[i]
    has = split(names[file], name_of, " ")
    for (group = 1; ; group++) {
      key = folder[file] SUBSEP group
      if (size[key] >= most) continue
      for (j = 1; j <= has; j++)
        if ((key, name_of[j]) in taken) break
      if (j > has) break
    }
    if (!size[key]++) order[++groups] = key
    for (j = 1; j <= has; j++) taken[key, name_of[j]]
    members[key] = members[key] (members[key] == "" ? "" : " ") file
  }
  for (i = 1; i <= groups; i++) print members[order[i]]
}
