using System.Text.RegularExpressions;

namespace Seedance.Onnx.Architecture;

/// <summary>What the compiler and the analyzers cannot see: the shape of files and folders. CONTRIBUTING.md says why.</summary>
internal static partial class SourceRules
{
    public const int MaxLines = 350;

    private static readonly string[] BannedFolders = ["Utils", "Utilities", "Util", "Helpers", "Helper", "Common", "Models", "Misc", "Managers", "Base", "Impl"];

    public static IEnumerable<string> FindLongFiles(SourceTree tree) =>
        from path in Sources(tree, "src/")
        let lines = tree.Read(path).AsSpan().Count('\n')
        where lines > MaxLines
        select $"{path} has {lines} lines";

    /// <summary>Files with more than one public type, or with one of another name. Type.Part.cs may hold a part of Type.</summary>
    public static IEnumerable<string> FindMisplacedTypes(SourceTree tree) =>
        from path in Sources(tree, "src/")
        let types = PublicType().Matches(tree.Read(path)).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal).ToArray()
        where types.Length > 1 || (types is [string only] && !string.Equals(only, Path.GetFileName(path).Split('.')[0], StringComparison.Ordinal))
        select $"{path} holds {string.Join(", ", types)}";

    public static IEnumerable<string> FindBannedFolders(SourceTree tree) =>
        from path in Sources(tree, "src/").Concat(Sources(tree, "tests/")).Concat(Sources(tree, "bench/"))
        let folders = Path.GetDirectoryName(path)!.Split(Path.DirectorySeparatorChar).Intersect(BannedFolders, StringComparer.OrdinalIgnoreCase).ToArray()
        where folders.Length > 0
        select $"{path} lies in {string.Join(", ", folders)}";

    /// <summary>Links of Markdown files to files of the repository that are not there.</summary>
    public static IEnumerable<string> FindBrokenLinks(SourceTree tree) =>
        from path in tree.Files("*.md")
        from Match link in Link().Matches(CodeBlock().Replace(tree.Read(path), ""))
        let target = Uri.UnescapeDataString(link.Groups["target"].Value.Split('#')[0])
        where target.Length > 0 && !target.Contains(':', StringComparison.Ordinal) && !tree.Exists(Path.Combine(Path.GetDirectoryName(path)!, target))
        select $"{path} links to {target}";

    private static IEnumerable<string> Sources(SourceTree tree, string folder) =>
        tree.Files("*.cs").Where(path => path.StartsWith(folder, StringComparison.Ordinal));

    // Namespaces are file-scoped, so that a type at the start of a line is not nested.
    [GeneratedRegex(@"^public (?:[a-z]+ )*(?:class|struct|interface|enum|record|delegate [^(]+) (?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)[^)]*\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
