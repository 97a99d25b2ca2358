namespace Seedance.Onnx.Packs;

/// <summary>The folder of a pack: paths stay inside it, and no link leads out of it.</summary>
internal sealed class PackFolder
{
    public const string PathRule = "a relative path inside the pack, with forward slashes";

    private const int MostLinks = 40;

    private readonly string _realRoot;

    public PackFolder(string path)
    {
        Root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        _realRoot = RealPath(Root);
    }

    /// <summary>The full path of the folder.</summary>
    public string Root { get; }

    /// <summary>Whether a path of a contract is one that means the same file on every system, inside the pack.</summary>
    public static bool IsRelativePath(string path) =>
        path.Length > 0
        && path.IndexOfAny(['\\', ':']) < 0
        && !path.Any(char.IsControl)
        && path.Split('/').All(part => part is not ("" or "." or ".."));

    /// <summary>The full path of a file of the pack, whether it is there or not.</summary>
    public string PathOf(string relative) => Path.Combine(Root, relative.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>What is wrong with a file of the pack: it is missing, or a link leads out of the folder; null when it is fine.</summary>
    public string? FindProblem(string relative)
    {
        string path = PathOf(relative);
        if (!IsInside(path))
        {
            return $"File '{relative}' must lie inside the pack, but a link leads out of it. Put the file itself there.";
        }

        return File.Exists(path) ? null : $"File '{relative}' must be in the pack, but is missing. Download or export the pack again.";
    }

    /// <summary>Every file of the folder, by relative path with forward slashes. Links to folders are not followed and count as files.</summary>
    public IEnumerable<string> FindFiles()
    {
        Stack<DirectoryInfo> folders = new([new DirectoryInfo(Root)]);
        while (folders.TryPop(out DirectoryInfo? folder))
        {
            foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo inner && inner.LinkTarget is null)
                {
                    folders.Push(inner);
                }
                else
                {
                    yield return Path.GetRelativePath(Root, entry.FullName).Replace(Path.DirectorySeparatorChar, '/');
                }
            }
        }
    }

    private bool IsInside(string path)
    {
        try
        {
            return RealPath(path).StartsWith(_realRoot + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The path with every link followed, part by part, as the system would.</summary>
    private static string RealPath(string path)
    {
        string current = Path.GetPathRoot(path)!;
        Stack<string> parts = new(Parts(path[current.Length..]));
        int links = 0;
        while (parts.TryPop(out string? part))
        {
            if (part == "..")
            {
                current = Path.GetDirectoryName(current) ?? current;
                continue;
            }

            string next = Path.Combine(current, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw new IOException($"Links lead in circles at '{path}'.");
            }

            if (Path.IsPathRooted(target))
            {
                current = Path.GetPathRoot(target)!;
                target = target[current.Length..];
            }

            foreach (string targetPart in Parts(target))
            {
                parts.Push(targetPart);
            }
        }

        return current;
    }

    /// <summary>The parts of a path, last first, as a stack takes them.</summary>
    private static IEnumerable<string> Parts(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]).Where(part => part is not ("" or ".")).Reverse();
}
