using System.Text;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>Names for videos that were given none.</summary>
[Trait("Tier", "Unit")]
public sealed class OutputNameTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a red ball", "a-red-ball-7.mp4")]
    [InlineData("  [Shot 1] A BALL!  ../etc/passwd ", "shot-1-a-ball-etc-passwd-7.mp4")]
    [InlineData("一只红色的猫,向右", "一只红色的猫-向右-7.mp4")]
    [InlineData("Crème brûlée", "crème-brûlée-7.mp4")]
    [InlineData("🙂 !?", "video-7.mp4")]
    public void Choose_Prompt_KeepsItsWords(string prompt, string expected)
    {
        string path = OutputName.Choose(prompt, seed: 7, _folder.Path);

        Assert.Equal(_folder.PathOf(expected), path);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("红")]
    [InlineData("long words ")]
    public void Choose_LongPrompt_FitsIntoAFileName(string part)
    {
        string path = OutputName.Choose(string.Concat(Enumerable.Repeat(part, 200)), seed: ulong.MaxValue, _folder.Path);

        File.WriteAllText(path, "a file system takes it");
        Assert.InRange(Encoding.UTF8.GetByteCount(Path.GetFileName(path)), 60, 110);
    }

    [Fact]
    public void Choose_NameThatIsTaken_CountsOn()
    {
        File.WriteAllText(_folder.PathOf("ball-7.mp4"), "");
        Directory.CreateDirectory(_folder.PathOf("ball-7-2.mp4"));

        string path = OutputName.Choose("ball", seed: 7, _folder.Path);

        Assert.Equal(_folder.PathOf("ball-7-3.mp4"), path);
    }
}
