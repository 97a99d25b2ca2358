using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>storyboard: a contact sheet, and what keeps one from being made.</summary>
[Trait("Tier", "Graph")]
public sealed class StoryboardCommandTests : IDisposable
{
    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableFact]
    public async Task Storyboard_OfAGeneratedVideo_IsAPictureOfItsFrames()
    {
        _commands.UseRealFFmpeg();
        await _commands.RunAsync("generate", "ball", "-o", "clip.mp4");

        CommandRun run = await _commands.RunAsync("storyboard", "clip.mp4", "-o", "板.png", "--frames", "4", "--columns", "2");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches(@"^板\.png: 4 frames, 2 in a row, \d", run.Output);
        Assert.Equal(["clip.mp4", "板.png"], _commands.Names);
        VideoFrame sheet = await new ImageReader(FFmpegTool.Find()).ReadAsync(_commands.InWork("板.png"));
        Assert.True(sheet.Size.Width > 2 * 48 && sheet.Size.Height > 2 * 32);
    }

    [SkippableFact]
    public async Task Storyboard_NoVideo_IsOneLineAndLeavesNothing()
    {
        CommandRun run = await _commands.RunAsync("storyboard", "nothing.mp4", "-o", "sheet.png");

        run.AssertFailed(4, "must be a file that can be read");
        Assert.Empty(_commands.Names);
    }

    [SkippableFact]
    public async Task Storyboard_ImpossibleLayout_IsRefusedWithEveryProblem()
    {
        CommandRun run = await _commands.RunAsync("storyboard", "clip.mp4", "-o", "sheet.png", "--frames", "0", "--columns", "0");

        run.AssertFailed(2, "Frames of a contact sheet must be from 1", "Columns of a contact sheet must be at least 1");
    }

    [SkippableFact]
    public async Task Storyboard_FFmpegMissing_SaysWhatToInstall()
    {
        _commands.Set("SEEDANCE_FFMPEG", "");

        CommandRun run = await _commands.RunAsync("storyboard", "clip.mp4", "-o", "sheet.png");

        run.AssertFailed(5, "FFmpeg must be installed");
    }
}
