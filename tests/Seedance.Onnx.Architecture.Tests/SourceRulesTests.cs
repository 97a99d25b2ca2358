namespace Seedance.Onnx.Architecture;

[Trait("Tier", "Unit")]
public sealed class SourceRulesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("seedance-régles-").FullName;

    [Fact]
    public void LongFiles_InThisRepository_AreNone() => AssertNone(SourceRules.FindLongFiles(SourceTree.Repository));

    [Fact]
    public void MisplacedTypes_InThisRepository_AreNone() => AssertNone(SourceRules.FindMisplacedTypes(SourceTree.Repository));

    [Fact]
    public void BannedFolders_InThisRepository_AreNone() => AssertNone(SourceRules.FindBannedFolders(SourceTree.Repository));

    [Fact]
    public void BrokenLinks_InThisRepository_AreNone() => AssertNone(SourceRules.FindBrokenLinks(SourceTree.Repository));

    [Fact]
    public void FindLongFiles_OneLineTooMany_IsReported()
    {
        SourceTree tree = Tree(
            ("src/A/Long.cs", new string('\n', SourceRules.MaxLines + 1)),
            ("src/A/Fits.cs", new string('\n', SourceRules.MaxLines)));

        Assert.Equal([$"src/A/Long.cs has {SourceRules.MaxLines + 1} lines"], SourceRules.FindLongFiles(tree));
    }

    [Fact]
    public void FindMisplacedTypes_TwoTypesOrAnotherName_AreReported()
    {
        SourceTree tree = Tree(
            ("src/A/Two.cs", "public sealed class Two { }\npublic readonly record struct Other(int X);\n"),
            ("src/A/Wrong.cs", "public static class Right { }\n"),
            ("src/A/Part.Writing.cs", "public partial class Part\n{\n    public sealed class Nested { }\n}\n"),
            ("src/A/Generic.cs", "public delegate int Generic<T>(T value);\ninternal sealed class Hidden { }\n"),
            ("src/A/Runner.cs", "public delegate IReadOnlyDictionary<string, int> Runner(int value);\n"));

        Assert.Equal(["src/A/Two.cs holds Two, Other", "src/A/Wrong.cs holds Right"], SourceRules.FindMisplacedTypes(tree));
    }

    [Fact]
    public void FindBannedFolders_Helpers_IsReported()
    {
        SourceTree tree = Tree(("src/A/Helpers/Thing.cs", ""), ("src/A/Packs/Thing.cs", ""), ("src/A/obj/Helpers/Made.cs", ""));

        Assert.Equal(["src/A/Helpers/Thing.cs lies in Helpers"], SourceRules.FindBannedFolders(tree));
    }

    [Fact]
    public void FindBrokenLinks_MissingFile_IsReported()
    {
        SourceTree tree = Tree(
            ("README.md", "[a](docs/here.md#part) [b](docs/gone.md) [c](https://example.org/x) [d](#below) ![e](docs/gone.png)\n```\n[f](code.md)\n```\n"),
            ("docs/here.md", "[up](../README.md)"));

        Assert.Equal(["README.md links to docs/gone.md", "README.md links to docs/gone.png"], SourceRules.FindBrokenLinks(tree));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void AssertNone(IEnumerable<string> found) => Assert.True(!found.Any(), string.Join(Environment.NewLine, found));

    private SourceTree Tree(params (string Path, string Text)[] files)
    {
        foreach ((string path, string text) in files)
        {
            string full = Path.Combine(_folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text);
        }

        return new SourceTree(_folder);
    }
}
