using System.Security.Cryptography;
using System.Text.Json;

namespace Seedance.Onnx.Packs;

/// <summary>A folder of graphs and the contract that says what they are. Immutable and safe for several threads; holds no file open.</summary>
public sealed class ModelPack
{
    /// <summary>Files that a contract does not list: it cannot state its own hash, and a model card is free to change.</summary>
    private static readonly string[] FreeFiles = [ContractReader.FileName, "README.md"];

    private const string MissingContract =
        "seedance.json must be in the pack, but is missing: the contract that states latents, video, sampling, text, transformer_channels, "
        + "graphs and files. Name a folder that has one.";

    private readonly PackFolder _folder;

    private ModelPack(PackFolder folder, PackContract contract, SchedulerContract scheduler, string? sum = null)
    {
        Sum = sum ?? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(folder.PathOf(ContractReader.FileName))));
        _folder = folder;
        Contract = contract;
        Scheduler = scheduler;
    }

    /// <summary>The full path of the pack's folder.</summary>
    public string Folder => _folder.Root;

    /// <summary>What the pack states about itself.</summary>
    public PackContract Contract { get; }

    /// <summary>The pack's noise levels.</summary>
    public SchedulerContract Scheduler { get; }

    /// <summary>
    /// What tells this pack from every other: the sha256 of its seedance.json, in lower case, which holds the sums of all other files. Two packs with the same sum make the same
    /// videos.
    /// </summary>
    public string Sum { get; }

    /// <summary>
    /// Opens a pack: reads seedance.json and scheduler/scheduler_config.json, checks that they are well formed and fit together, and that
    /// every file they name is there. Does not read the files themselves: <see cref="VerifyFiles"/> does.
    /// </summary>
    /// <param name="path">The pack's folder.</param>
    /// <returns>The pack.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="ModelPackException">The folder is no pack that can be used; the error lists every problem found.</exception>
    public static ModelPack Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Directory.Exists(path)
                ? Open(path, new PackFolder(path))
                : throw new ModelPackException(path, "the folder must exist, but does not. Name the folder that holds seedance.json.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackException(path, $"the folder must be readable, but is not: {e.Message}", e);
        }
    }

    /// <summary>The pack as if it had no distilled transformer: what is not there is not loaded.</summary>
    /// <returns>The same pack where it has none.</returns>
    public ModelPack WithoutDistilled() => Contract.WithoutDistilled() is var contract && contract == Contract ? this : new ModelPack(_folder, contract, Scheduler, Sum);

    /// <summary>The full path of a graph's file.</summary>
    /// <param name="role">One of <see cref="GraphRoles.All"/>.</param>
    /// <returns>The path.</returns>
    /// <exception cref="ModelPackException">The pack has no graph for the role.</exception>
    public string PathOfGraph(string role) => Contract.FindGraph(role) is { } graph
        ? _folder.PathOf(graph.File)
        : throw new ModelPackException(Folder, $"there must be a graph '{role}', but there is none. Use a pack that has one.");

    /// <summary>
    /// Reads every file of the pack and compares its sha256 with the contract's. Files that the contract does not list are problems too,
    /// but for seedance.json and README.md.
    /// </summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ModelPackException">A file is missing, altered or not listed; the error names every such file and both hashes.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void VerifyFiles(CancellationToken cancellationToken = default)
    {
        List<string> problems = [];
        foreach ((string file, string expected) in Contract.Files)
        {
            string? problem = _folder.FindProblem(file) ?? CompareHash(file, expected, cancellationToken);
            if (problem is not null)
            {
                problems.Add(problem);
            }
        }

        IEnumerable<string> unlisted = FindFiles().Except(Contract.Files.Keys).Except(FreeFiles).Order(StringComparer.Ordinal);
        problems.AddRange(unlisted.Select(file => $"File '{file}' must be listed in seedance.json, but is not. Remove it, or export the pack again."));
        ThrowIfAny(Folder, problems);
    }

    private static ModelPack Open(string path, PackFolder folder)
    {
        List<string> problems = [];
        PackContract? contract = Read(folder, ContractReader.FileName, ContractReader.Read, problems);
        SchedulerContract? scheduler = Read(folder, SchedulerReader.FileName, SchedulerReader.Read, problems);
        ThrowIfAny(path, problems);

        ContractChecks.Check(contract!, problems);
        problems.AddRange(contract!.Files.Keys.Select(folder.FindProblem).OfType<string>());
        ThrowIfAny(path, problems);
        return new ModelPack(folder, contract, scheduler!);
    }

    private static T? Read<T>(PackFolder folder, string file, Func<JsonElement, List<string>, T> read, List<string> problems)
        where T : class
    {
        if (folder.FindProblem(file) is { } problem)
        {
            problems.Add(file == ContractReader.FileName && !File.Exists(folder.PathOf(file)) ? MissingContract : problem);
            return null;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(
                File.ReadAllBytes(folder.PathOf(file)), new JsonDocumentOptions { AllowDuplicateProperties = false });
            return read(json.RootElement, problems);
        }
        catch (JsonException e)
        {
            problems.Add($"{file} must be JSON, but is not: {e.Message}");
        }
        catch (InvalidOperationException e)
        {
            // The JSON reader's way to say that a text in the file is no Unicode.
            problems.Add($"{file} must hold valid Unicode text, but does not: {e.Message}");
        }

        return null;
    }

    private IReadOnlyList<string> FindFiles()
    {
        try
        {
            return [.. _folder.FindFiles()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackException(Folder, $"the folder must be readable, but is not: {e.Message}", e);
        }
    }

    private string? CompareHash(string file, string expected, CancellationToken cancellationToken)
    {
        try
        {
            string actual = Hash(_folder.PathOf(file), cancellationToken);
            return actual == expected ? null
                : $"File '{file}' must have sha256 {expected}, but has {actual}. Download or export the pack again.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"File '{file}' must be readable, but is not: {e.Message}";
        }
    }

    private static string Hash(string path, CancellationToken cancellationToken)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 18];
        for (int count = stream.Read(buffer); count > 0; count = stream.Read(buffer))
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void ThrowIfAny(string path, List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ModelPackException(path, problems);
        }
    }
}
