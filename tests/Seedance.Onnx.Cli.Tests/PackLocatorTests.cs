using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>Which pack is used when.</summary>
[Trait("Tier", "Unit")]
public sealed class PackLocatorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_NamedPack_IsRelativeToTheWorkingFolder()
    {
        string path = PackLocator.Find("packs/mine", Host(variable: "other"));

        Assert.Equal(_folder.PathOf("work", "deep", "packs", "mine"), path);
    }

    [Fact]
    public void Find_VariableSet_WinsOverTheShippedPack()
    {
        Directory.CreateDirectory(_folder.PathOf("onnx", "seedance-mini"));

        string path = PackLocator.Find(named: null, Host(variable: "/packs/mine"));

        Assert.Equal("/packs/mine", path);
    }

    [Theory]
    [InlineData("work")]
    [InlineData("program")]
    [InlineData("")]
    public void Find_NothingNamed_LooksUpwardsFromWorkThenFromTheProgram(string above)
    {
        string shipped = Directory.CreateDirectory(_folder.PathOf(above, "onnx", "seedance-mini")).FullName;

        string path = PackLocator.Find(named: null, Host(variable: ""));

        Assert.Equal(shipped, path);
    }

    [Fact]
    public void Find_NothingAnywhere_SaysHowToNameOne()
    {
        ModelPackException error = Assert.Throws<ModelPackException>(() => PackLocator.Find(named: null, Host(variable: null)));

        Assert.Contains("--pack", error.Message, StringComparison.Ordinal);
    }

    private CommandHost Host(string? variable) => new()
    {
        Output = TextWriter.Null,
        Error = TextWriter.Null,
        Variable = name => name == "SEEDANCE_PACK" ? variable : null,
        WorkingFolder = _folder.PathOf("work", "deep"),
        ProgramFolder = _folder.PathOf("program", "bin") + Path.DirectorySeparatorChar,
    };
}
