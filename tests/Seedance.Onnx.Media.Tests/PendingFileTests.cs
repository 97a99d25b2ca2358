namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class PendingFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CheckWritable_GoodPath_LeavesNothing()
    {
        VideoWriter.CheckWritable(_folder.File("视频.mp4"));

        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void CheckWritable_LongestName_IsAccepted() => VideoWriter.CheckWritable(_folder.File(new string('n', 251) + ".mp4"));

    [Fact]
    public void CheckWritable_NoSuchFolder_NamesIt()
    {
        string folder = _folder.File("missing");

        var error = Assert.Throws<MediaException>(() => VideoWriter.CheckWritable(Path.Combine(folder, "x.mp4")));

        Assert.Contains($"'{folder}' does not. Create it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckWritable_PathIsAFolder_IsRefused()
    {
        Assert.Throws<MediaException>(() => VideoWriter.CheckWritable(_folder.Path));
    }

    [Fact]
    public void CheckWritable_ReadOnlyFile_IsRefusedAndStays()
    {
        string path = _folder.File("keep.mp4");
        File.WriteAllText(path, "keep");
        File.SetAttributes(path, FileAttributes.ReadOnly);

        Assert.Throws<MediaException>(() => VideoWriter.CheckWritable(path));

        Assert.Equal("keep", File.ReadAllText(path));
        File.SetAttributes(path, FileAttributes.Normal);
    }

    [Fact]
    public void CheckWritable_NameWithNul_IsAMediaError() => Assert.Throws<MediaException>(() => VideoWriter.CheckWritable(_folder.File("a\0b.mp4")));

    [SkippableFact]
    public void CheckWritable_FolderThatNobodyWrites_SaysSo()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux has /proc, which even root cannot write.");

        var error = Assert.Throws<MediaException>(() => VideoWriter.CheckWritable("/proc/clip.mp4"));

        Assert.Contains("must be in a folder that can be written", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void CheckWritable_FolderWithoutWriteRight_SaysSo()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            throw new SkipException("Root writes to every folder, and Windows has other rights.");
        }

        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Action check = () => VideoWriter.CheckWritable(_folder.File("x.mp4"));

        Assert.Throws<MediaException>(check);
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
