namespace Seedance.Onnx.Media;

/// <summary>
/// A file that is being written under a temporary name in its own folder, and gets its name only when it is whole: whoever looks
/// sees the file before or the file after, never a part.
/// </summary>
internal sealed class PendingFile
{
    private PendingFile(string path, string temporaryPath)
    {
        FinalPath = path;
        TemporaryPath = temporaryPath;
    }

    /// <summary>Full path of the file to come.</summary>
    public string FinalPath { get; }

    /// <summary>Full path of the hidden file to write now. Its name is short and plain, whatever the final name is.</summary>
    public string TemporaryPath { get; }

    /// <summary>Picks a temporary name, and writes nothing but a trial file that is removed at once.</summary>
    /// <exception cref="MediaException">The file cannot be written there.</exception>
    public static PendingFile Create(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full;
        try
        {
            full = Path.GetFullPath(path);
        }
        catch (ArgumentException e)
        {
            throw new MediaException($"Output '{path}' must be a file name, but is not one: {e.Message} Choose another name.", e);
        }

        string folder = Path.GetDirectoryName(full) ?? full;
        if (Directory.Exists(full) || Path.EndsInDirectorySeparator(full))
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

        var pending = new PendingFile(full, Path.Combine(folder, $".seedance-{Guid.NewGuid():N}.partial"));
        pending.TryToWrite();
        return pending;
    }

    /// <summary>Gives the temporary file its name, over a file that has it now.</summary>
    /// <exception cref="MediaException">The temporary file is missing or empty, or cannot be renamed.</exception>
    public void Commit()
    {
        if (!File.Exists(TemporaryPath) || new FileInfo(TemporaryPath).Length == 0)
        {
            throw new MediaException($"FFmpeg must write '{FinalPath}', but reported success and wrote nothing. Check the FFmpeg installation.");
        }

        try
        {
            File.Move(TemporaryPath, FinalPath, overwrite: true);
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
            File.Delete(TemporaryPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder went away or changed its rights meanwhile: the first error is the one to tell.
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
