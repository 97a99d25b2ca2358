using System.Diagnostics;
using System.Globalization;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>Cancellation, tools that die and disks that are full: one clear error, and nothing left behind.</summary>
[Trait("Tier", "Unit")]
public sealed class VideoWriterFailureTests : IDisposable
{
    private static readonly FrameRate Rate = new(8);
    private readonly TestFolder _folder = new(), _programs = new();

    public void Dispose()
    {
        _folder.Dispose();
        _programs.Dispose();
    }

    [FFmpegFact]
    public async Task WriteAsync_Cancelled_LeavesNoFileAndNoProcess()
    {
        using var cancel = new CancellationTokenSource();
        await using VideoWriter writer = Open(TestFFmpeg.Tool);
        await writer.WriteAsync(TestClip.Frames(9, TestClip.Size), cancel.Token);
        await cancel.CancelAsync();

        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => writer.WriteAsync(TestClip.Frames(1, TestClip.Size), cancel.Token));

        Assert.Equal(cancel.Token, error.CancellationToken);
        Assert.Empty(_folder.Names);
        Assert.True(await TestFFmpeg.IsGoneAsync(writer.ProcessId));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync());
    }

    [FFmpegFact]
    public async Task CompleteAsync_Cancelled_LeavesNoFileAndNoProcess()
    {
        using var cancel = new CancellationTokenSource();
        await using VideoWriter writer = Open(TestFFmpeg.Tool);
        await writer.WriteAsync(TestClip.Frames(9, TestClip.Size), cancel.Token);
        await cancel.CancelAsync();

        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => writer.CompleteAsync(cancel.Token));

        Assert.Equal(cancel.Token, error.CancellationToken);
        Assert.Empty(_folder.Names);
        Assert.True(await TestFFmpeg.IsGoneAsync(writer.ProcessId));
    }

    [SkippableFact]
    public async Task WriteAsync_CancelledWhileFFmpegTakesNothing_ReturnsAndKillsChildrenToo()
    {
        string childFile = _programs.File("child");
        FFmpegTool tool = TestFFmpeg.Fake(_programs, $"sleep 1000 & echo $! > \"{childFile}\"; echo part > \"$OUT\"; sleep 1000");
        var large = new VideoSize(1024, 1024);
        using var cancel = new CancellationTokenSource();
        await using VideoWriter writer = Open(tool, large);
        Task write = writer.WriteAsync(new byte[VideoFrame.ByteCount(large)], cancel.Token);
        int child = await ReadNumberAsync(childFile);
        bool wasWaiting = !write.IsCompleted;

        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => write.WaitAsync(TimeSpan.FromSeconds(10)));

        Assert.True(wasWaiting);
        Assert.Empty(_folder.Names);
        Assert.True(await TestFFmpeg.IsGoneAsync(writer.ProcessId));
        Assert.True(await TestFFmpeg.IsGoneAsync(child));
    }

    [SkippableFact]
    public async Task WriteAsync_ManyFFmpegsThatTakeNothing_KeepNoThreadOfThePool()
    {
        const int Writers = 20, OthersAtWork = 8;
        FFmpegTool tool = TestFFmpeg.Fake(_programs, "echo $$ >> \"${0%/*}/begun\"; exec sleep 1000");
        var large = new VideoSize(512, 512);
        using var cancel = new CancellationTokenSource();
        VideoWriter[] writers = [.. Enumerable.Range(0, Writers).Select(index => VideoWriter.Open(tool, _folder.File($"{index}.mp4"), large, Rate))];
        Task[] writes = [.. writers.Select(writer => writer.WriteAsync(new byte[VideoFrame.ByteCount(large)], cancel.Token))];
        while (!File.Exists(_programs.File("begun")) || (await File.ReadAllLinesAsync(_programs.File("begun"))).Length < Writers)
        {
            await Task.Delay(20);
        }

        ThreadPool.GetMaxThreads(out int most, out _);
        ThreadPool.GetAvailableThreads(out int free, out _);
        bool wait = writes.All(write => !write.IsCompleted);

        await cancel.CancelAsync();
        foreach ((VideoWriter writer, Task write) in writers.Zip(writes))
        {
            await Assert.ThrowsAsync<OperationCanceledException>(() => write);
            await writer.DisposeAsync();
        }

        Assert.True(wait);
        Assert.InRange(most - free, 0, OthersAtWork);
    }

    [FFmpegFact]
    public async Task WriteAsync_TerminalInterruptsFFmpegFirst_IsACancellation()
    {
        using var cancel = new CancellationTokenSource();
        await using VideoWriter writer = Open(TestFFmpeg.Tool);
        await writer.WriteAsync(TestClip.Frames(2, TestClip.Size), cancel.Token);
        await TestFFmpeg.SignalAsync(writer.ProcessId, "INT");

        Task writing = WriteUntilFailureAsync(writer, cancel.Token);
        cancel.CancelAfter(TimeSpan.FromMilliseconds(150));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        Assert.Empty(_folder.Names);
    }

    [FFmpegFact]
    public async Task WriteAsync_FFmpegKilled_IsAMediaErrorWithItsExitCode()
    {
        await using VideoWriter writer = Open(TestFFmpeg.Tool);
        await writer.WriteAsync(TestClip.Frames(2, TestClip.Size));
        await TestFFmpeg.SignalAsync(writer.ProcessId, "KILL");

        var error = await Assert.ThrowsAsync<MediaException>(() => WriteUntilFailureAsync(writer, CancellationToken.None));

        Assert.Contains("exit code 137", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.InnerException);
        Assert.Empty(_folder.Names);
    }

    [SkippableFact]
    public async Task WriteAsync_FFmpegDiesMidway_SaysItsLastLines()
    {
        FFmpegTool tool = TestFFmpeg.Fake(_programs, "echo part > \"$OUT\"; head -c 20000 > /dev/null; echo first >&2; echo 'encoder exploded' >&2; exit 3");
        await using VideoWriter writer = Open(tool);

        var error = await Assert.ThrowsAsync<MediaException>(() => WriteUntilFailureAsync(writer, CancellationToken.None));

        Assert.Contains("exit code 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("first | encoder exploded", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Empty(_folder.Names);
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(TestClip.Frames(1, TestClip.Size)));
    }

    [SkippableTheory]
    [InlineData("cat > /dev/null; echo part > \"$OUT\"; echo 'could not finish' >&2; exit 1", "could not finish")]
    [InlineData("cat > /dev/null; exit 0", "reported success and wrote nothing")]
    [InlineData("cat > /dev/null; : > \"$OUT\"; exit 0", "reported success and wrote nothing")]
    [InlineData("cat > /dev/null; echo x > \"$OUT\"; echo 'Error writing trailer: No space left on device' >&2; exit 1", "the disk is full")]
    [InlineData("cat > /dev/null; echo part > \"$OUT\"; exit 1", "it gave no reason")]
    public async Task CompleteAsync_FFmpegFailsAtTheEnd_SaysWhyAndLeavesNothing(string script, string reason)
    {
        await using VideoWriter writer = Open(TestFFmpeg.Fake(_programs, script));
        await writer.WriteAsync(TestClip.Frames(3, TestClip.Size));

        var error = await Assert.ThrowsAsync<MediaException>(() => writer.CompleteAsync());

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [SkippableFact]
    public async Task CompleteAsync_FFmpegTalksWithoutEnd_KeepsTheLastLinesOnly()
    {
        FFmpegTool tool = TestFFmpeg.Fake(_programs, "cat > /dev/null; seq 1 200000 >&2; seq 1 200000; echo 'the end' >&2; exit 1");
        await using VideoWriter writer = Open(tool);
        await writer.WriteAsync(TestClip.Frames(1, TestClip.Size));

        var error = await Assert.ThrowsAsync<MediaException>(() => writer.CompleteAsync());

        Assert.Contains("199999 | 200000 | the end", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 1, 1000);
    }

    [SkippableFact]
    public async Task CompleteAsync_NameTakenByAFolderMeanwhile_LeavesNothing()
    {
        FFmpegTool tool = TestFFmpeg.Fake(_programs, "cat > /dev/null; echo whole > \"$OUT\"");
        await using VideoWriter writer = Open(tool);
        await writer.WriteAsync(TestClip.Frames(1, TestClip.Size));
        Directory.CreateDirectory(writer.FilePath);

        await Assert.ThrowsAsync<MediaException>(() => writer.CompleteAsync());

        Assert.Equal(["clip.mp4"], _folder.Names);
        Assert.Empty(Directory.EnumerateFileSystemEntries(writer.FilePath));
    }

    [SkippableFact]
    public async Task WriteAsync_DiskFull_SaysSoAndLeavesNothing()
    {
        Skip.If(TestFFmpeg.WhyMissing is not null, TestFFmpeg.WhyMissing);
        await using var disk = await SmallDisk.MountAsync(_folder, kilobytes: 64);
        var large = new VideoSize(320, 256);
        byte[] noise = new byte[VideoFrame.ByteCount(large)];
        var random = new Random(7);

        await using var writer = VideoWriter.Open(TestFFmpeg.Tool, Path.Combine(disk.Path, "clip.mp4"), large, Rate);
        var error = await Assert.ThrowsAsync<MediaException>(async () =>
        {
            for (int i = 0; i < 60; i++)
            {
                random.NextBytes(noise);
                await writer.WriteAsync(noise);
            }

            await writer.CompleteAsync();
        });

        Assert.Contains("the disk is full", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Path));
    }

    private static async Task WriteUntilFailureAsync(VideoWriter writer, CancellationToken cancellationToken)
    {
        for (int i = 0; i < 1000; i++)
        {
            await writer.WriteAsync(TestClip.Frames(1, writer.Size), cancellationToken);
        }
    }

    private static async Task<int> ReadNumberAsync(string path)
    {
        for (int attempt = 0; attempt < 500; attempt++)
        {
            if (File.Exists(path) && int.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out int number))
            {
                return number;
            }

            await Task.Delay(20);
        }

        throw new InvalidOperationException($"'{path}' must hold a number, but does not.");
    }

    private VideoWriter Open(FFmpegTool tool, VideoSize? size = null) => VideoWriter.Open(tool, _folder.File("clip.mp4"), size ?? TestClip.Size, Rate);

    /// <summary>A disk of a few kilobytes, where this machine lets us mount one.</summary>
    private sealed class SmallDisk : IAsyncDisposable
    {
        private SmallDisk(string path) => Path = path;

        public string Path { get; }

        public static async Task<SmallDisk> MountAsync(TestFolder folder, int kilobytes)
        {
            Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Mounting a small disk needs root on Linux.");
            string path = folder.File("disk");
            Directory.CreateDirectory(path);
            Skip.IfNot(await RunAsync("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", path), "This machine does not allow mounts.");
            return new SmallDisk(path);
        }

        public async ValueTask DisposeAsync() => await RunAsync("umount", "-l", Path);

        private static async Task<bool> RunAsync(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
    }
}
