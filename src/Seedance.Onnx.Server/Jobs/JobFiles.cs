using System.Security.Cryptography;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>
/// The files of the server: the store, what it must not forget, and a folder for each job. Names of folders are ids that this program made, names of files stand here: nothing that a
/// client wrote becomes part of a path.
/// </summary>
internal sealed class JobFiles : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // ENOSPC and EDQUOT, as .NET hands errors of Unix on; and what Windows says.
    private const int NoSpace = 28;
    private const int NoQuota = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private readonly FileStream _lock;

    /// <summary>Takes the folder for this process, or for all processes of a cluster.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="shared">Whether others hold it too that know of one another.</param>
    /// <exception cref="HostSettingsException">It cannot be made or written, or another server holds it.</exception>
    public JobFiles(string root, bool shared)
    {
        Root = Path.GetFullPath(root);
        try
        {
            MakeFolder(Root);
            MakeFolder(Jobs);
            _lock = new FileStream(Path.Combine(Root, "lock"), FileMode.OpenOrCreate, shared ? FileAccess.Read : FileAccess.ReadWrite, shared ? FileShare.Read : FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostSettingsException("server", [$"data_folder '{Root}' must be a folder that only {(shared ? "this cluster writes" : "this server writes")}, but is not: {e.Message} End the other server, or name another folder."], e);
        }

        Secret = ReadSecret();
    }

    /// <summary>The data folder.</summary>
    public string Root { get; }

    /// <summary>The store's file.</summary>
    public string Database => Path.Combine(Root, "jobs.db");

    /// <summary>The file of API keys; it need not be there.</summary>
    public string Keys => KeysOf(Root);

    /// <summary>32 random bytes that stay: links are signed with them.</summary>
    public byte[] Secret { get; }

    private string Jobs => Path.Combine(Root, "jobs");

    public string Video(VideoJob job) => InFolder(job, "video.mp4");

    public string LastFrame(VideoJob job) => InFolder(job, "last.png");

    public string Latents(VideoJob job) => InFolder(job, "latents.safetensors");

    public string Thumbnail(VideoJob job) => InFolder(job, "thumbnail.png");

    public string Spritesheet(VideoJob job) => InFolder(job, "spritesheet.png");

    public string Preview(VideoJob job) => InFolder(job, "preview.png");

    public string Image(VideoJob job, OrderImage image) => InFolder(job, image.Role == OrderImage.FirstFrame ? "first.image" : "last.image");

    /// <summary>The last look at a job; null where there is none, or the job is gone.</summary>
    public async Task<byte[]?> ReadPreviewAsync(VideoJob job, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(Preview(job), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Makes a job's folder.</summary>
    public void Begin(VideoJob job) => MakeFolder(Folder(job.Id));

    /// <summary>Removes a job's folder and all that is in it.</summary>
    public void Remove(VideoJob job) => Remove(job.Id);

    /// <summary>Removes the folder of an id that this program made.</summary>
    public void Remove(string id)
    {
        try
        {
            Directory.Delete(Folder(id), recursive: true);
        }
        catch (IOException)
        {
            // Somebody was faster, or a picture is being written: the cleaner comes by again.
        }
    }

    /// <summary>Ids of all folders that are there, with their age.</summary>
    public IEnumerable<(string Id, DateTime MadeUtc)> Folders() => new DirectoryInfo(Jobs).EnumerateDirectories().Select(folder => (folder.Name, folder.CreationTimeUtc));

    /// <summary>Bytes that the disk has left.</summary>
    public long FreeBytes() => new DriveInfo(Root).AvailableFreeSpace;

    public void Dispose() => _lock.Dispose();

    /// <summary>Whether an error says that a disk, ours or the one for temporary files, has no room.</summary>
    public static bool IsDiskFull(Exception error) => error is IOException { HResult: NoSpace or NoQuota or WindowsDiskFull };

    /// <summary>The file of API keys in a data folder.</summary>
    public static string KeysOf(string root) => Path.Combine(root, "keys.json");

    private static void MakeFolder(string path) =>
        _ = OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, OwnerOnly);

    private string Folder(string id) => Path.Combine(Jobs, id);

    private string InFolder(VideoJob job, string name) => Path.Combine(Folder(job.Id), name);

    private byte[] ReadSecret()
    {
        string path = Path.Combine(Root, "secret");
        if (!File.Exists(path) || new FileInfo(path).Length != SHA256.HashSizeInBytes)
        {
            File.Delete(path);

            // Whole before it has its name, because another process of the cluster may start in this moment: the first one's counts.
            string own = $"{path}.{Guid.NewGuid():N}";
            File.WriteAllBytes(own, RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(own, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            try
            {
                File.Move(own, path);
            }
            catch (IOException) when (File.Exists(path))
            {
                File.Delete(own);
            }
        }

        return File.ReadAllBytes(path);
    }
}
