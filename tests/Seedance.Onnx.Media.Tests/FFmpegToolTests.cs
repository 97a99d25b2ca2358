namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class FFmpegToolTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_NotOnPath_SaysWhatToInstall()
    {
        var error = Assert.Throws<ExecutionTargetException>(() => FFmpegTool.Find(new FFmpegOptions { SearchPath = _folder.Path }));

        Assert.Contains("no program 'ffmpeg' was found on PATH", error.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install ffmpeg", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_NamedPathMissing_NamesIt()
    {
        string path = _folder.File("ffmpeg-x");

        var error = Assert.Throws<ExecutionTargetException>(() => FFmpegTool.Find(new FFmpegOptions { Path = path }));

        Assert.Contains($"is at '{path}'", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Find_NotExecutable_IsMissing()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no executable bit.");
        File.WriteAllText(_folder.File("ffmpeg"), "text");

        Assert.Throws<ExecutionTargetException>(() => FFmpegTool.Find(new FFmpegOptions { Path = _folder.Path }));
    }

    [SkippableFact]
    public void Find_ProbeMissing_NamesTheProbe()
    {
        TestFFmpeg.Fake(_folder, "exit 0");
        File.Delete(_folder.File("ffprobe"));

        var error = Assert.Throws<ExecutionTargetException>(() => FFmpegTool.Find(new FFmpegOptions { Path = _folder.File("ffmpeg"), SearchPath = "" }));

        Assert.Contains("no program 'ffprobe'", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Find_OnSearchPath_TakesTheFirst()
    {
        TestFFmpeg.Fake(_folder, "exit 0");

        FFmpegTool tool = FFmpegTool.Find(new FFmpegOptions { SearchPath = $"/nowhere{Path.PathSeparator}{_folder.Path}" });

        Assert.Equal((_folder.File("ffmpeg"), _folder.File("ffprobe")), (tool.FFmpegPath, tool.FFprobePath));
    }

    [SkippableTheory]
    [InlineData("echo 'ffmpeg version 7.1.1-1 Copyright (c)'", "7.1.1-1")]
    [InlineData("echo 'ffmpeg version n8.0'; exit 0", "n8.0")]
    public async Task ReadVersionAsync_FirstLine_IsParsed(string script, string version)
        => Assert.Equal(version, await TestFFmpeg.Fake(_folder, script).ReadVersionAsync());

    [SkippableTheory]
    [InlineData("echo something else")]
    [InlineData("echo 'ffmpeg version 7'; echo 'libav: cannot open shared object' >&2; exit 127")]
    public async Task ReadVersionAsync_NotFFmpeg_Throws(string script)
        => await Assert.ThrowsAsync<ExecutionTargetException>(() => TestFFmpeg.Fake(_folder, script).ReadVersionAsync());

    [SkippableFact]
    public async Task ReadVersionAsync_Unstartable_Throws()
    {
        FFmpegTool tool = TestFFmpeg.Fake(_folder, "exit 0");
        File.Delete(tool.FFmpegPath);

        var error = await Assert.ThrowsAsync<ExecutionTargetException>(() => tool.ReadVersionAsync());

        Assert.NotNull(error.InnerException);
    }

    [FFmpegFact]
    public async Task ReadVersionAsync_Real_IsNotEmpty() => Assert.NotEmpty(await TestFFmpeg.Tool.ReadVersionAsync());

    [SkippableFact]
    public async Task ReadVersionAsync_Cancelled_EndsAtOnce()
    {
        FFmpegTool tool = TestFFmpeg.Fake(_folder, "sleep 1000");
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tool.ReadVersionAsync(cancel.Token).WaitAsync(TimeSpan.FromSeconds(10)));

        Assert.Equal(cancel.Token, error.CancellationToken);
    }
}
