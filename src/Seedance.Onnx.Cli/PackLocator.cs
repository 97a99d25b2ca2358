namespace Seedance.Onnx.Cli;

/// <summary>Decides which pack a command uses when none is named.</summary>
internal static class PackLocator
{
    /// <summary>The pack that the project ships, from the repository's root.</summary>
    public const string DefaultPack = "onnx/seedance-mini";

    /// <summary>The environment variable that names another default.</summary>
    public const string Variable = "SEEDANCE_PACK";

    /// <summary>
    /// The pack that was named; else the variable's; else the shipped one, from the working folder upwards, then from the program's folder upwards.
    /// </summary>
    /// <param name="named">What --pack says; null if it is not there.</param>
    /// <param name="host">The variable and the folders.</param>
    /// <returns>The full path of a folder, which need not exist when it was named.</returns>
    /// <exception cref="ModelPackException">None was named, and the shipped one is nowhere.</exception>
    public static string Find(string? named, CommandHost host)
    {
        if ((named ?? host.Variable(Variable)) is { Length: > 0 } path)
        {
            return host.FullPath(path);
        }

        IEnumerable<string> folders = Upwards(host.WorkingFolder).Concat(Upwards(host.ProgramFolder));
        return folders.Select(folder => Path.Combine(folder, DefaultPack)).FirstOrDefault(Directory.Exists)
            ?? throw new ModelPackException(
                DefaultPack, $"the folder must be in '{host.WorkingFolder}' or above, but is not. Name a pack with --pack, or set {Variable}.");
    }

    private static IEnumerable<string> Upwards(string start)
    {
        for (string? folder = Path.TrimEndingDirectorySeparator(start); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            yield return folder;
        }
    }
}
