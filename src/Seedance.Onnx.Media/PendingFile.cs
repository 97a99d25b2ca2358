namespace Seedance.Onnx.Media;

/// <summary>
/// A file that is being written under a temporary name in its own folder, and gets its name only when it is whole: whoever looks
/// sees the file before or the file after, never a part.
/// </summary>
internal sealed class PendingFile
{
    private readonly bool _isFolder;

    private PendingFile(string path, string temporaryPath, bool isFolder)
    {
        _isFolder = isFolder;
        FinalPath = path;
        TemporaryPath = temporaryPath;
    }

    /// <summary>Full path of the file to come.</summary>
    public string FinalPath { get; }

    /// <summary>Full path of the hidden file to write now. Its name is short and plain, whatever the final name is.</summary>
    public string TemporaryPath { get; }

    /// <summary>What FFmpeg is told to write: the temporary file, or the pictures in the temporary folder.</summary>
    public string FFmpegPath => _isFolder ? Path.Combine(TemporaryPath.Replace("%", "%%", StringComparison.Ordinal), "frame-%05d.png") : TemporaryPath;

    /// <summary>Picks a temporary name, and writes nothing but a trial file that is removed at once.</summary>
    /// <exception cref="MediaException">The file cannot be written there.</exception>
    /// <param name="path">The file or folder to be.</param>
    /// <param name="isFolder">Whether it is a folder: that must not exist yet, or be empty.</param>
    public static PendingFile Create(string path, bool isFolder = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full;
        try
        {
            full = Path.GetFullPath(path);
            full = isFolder ? Path.TrimEndingDirectorySeparator(full) : full;
        }
        catch (ArgumentException e)
        {
            throw new MediaException($"Output '{path}' must be a file name, but is not one: {e.Message} Choose another name.", e);
        }

        string folder = Path.GetDirectoryName(full) ?? full;
        if (isFolder)
        {
            RequireEmptyFolder(path, full);
        }
        else if (Directory.Exists(full) || Path.EndsInDirectorySeparator(full))
        {
            throw new MediaException($"Output '{path}' must be a file, but names a folder. Add a file name.");
        }

        if (!Directory.Exists(folder))
        {
            throw new MediaException($"Output '{path}' must be in a folder that exists, but '{folder}' does not. Create it or choose another folder.");
        }

        if (File.Exists(full) && File.GetAttributes(full).HasFlag(FileAttributes.ReadOnly))
        {
            throw new MediaException($"Output '{path}' must be writable, but is a read-only file. Choose another name or make it writable.");
        }

        var pending = new PendingFile(full, Path.Combine(folder, $".seedance-{Guid.NewGuid():N}.partial"), isFolder);
        pending.TryToWrite();
        return pending;
    }

    /// <summary>Makes the temporary folder, where it is one.</summary>
    public void Begin()
    {
        if (_isFolder)
        {
            _ = Directory.CreateDirectory(TemporaryPath);
        }
    }

    /// <summary>Gives the temporary file its name, over a file that has it now.</summary>
    /// <exception cref="MediaException">The temporary file is missing or empty, or cannot be renamed.</exception>
    public void Commit()
    {
        if (_isFolder ? !Directory.EnumerateFiles(TemporaryPath).Any() : !File.Exists(TemporaryPath) || new FileInfo(TemporaryPath).Length == 0)
        {
            throw new MediaException($"FFmpeg must write '{FinalPath}', but reported success and wrote nothing. Check the FFmpeg installation.");
        }

        try
        {
            if (_isFolder && Directory.Exists(FinalPath))
            {
                Directory.Delete(FinalPath);
            }

            if (_isFolder)
            {
                Directory.Move(TemporaryPath, FinalPath);
            }
            else
            {
                File.Move(TemporaryPath, FinalPath, overwrite: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MediaException($"Output '{FinalPath}' must be replaceable, but is not: {e.Message} Choose another name.", e);
        }
    }

    /// <summary>Removes the temporary file, where there is one. Never throws: it runs while another error is on its way.</summary>
    public void Discard()
    {
        try
        {
            if (_isFolder && Directory.Exists(TemporaryPath))
            {
                Directory.Delete(TemporaryPath, recursive: true);
            }

            File.Delete(TemporaryPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder went away or changed its rights meanwhile: the first error is the one to tell.
        }
    }

    private static void RequireEmptyFolder(string path, string full)
    {
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
        {
            throw new MediaException($"Output '{path}' must be a new folder or an empty one, but {(File.Exists(full) ? "is a file" : "has files in it")}. Choose another name.");
        }
    }

    private void TryToWrite()
    {
        try
        {
            using var trial = new FileStream(TemporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MediaException($"Output '{FinalPath}' must be in a folder that can be written, but it cannot: {e.Message} Choose another folder.", e);
        }
    }
}
