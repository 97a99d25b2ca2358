using System.Security.Cryptography;
using System.Text;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx;

/// <summary>The loaded graphs of a pack, each on what it is to run on.</summary>
/// <remarks>The opener disposes it.</remarks>
internal sealed class GraphSessions : IDisposable
{
    private readonly Dictionary<string, GraphSession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<ExecutionTarget, ResolvedTarget> _resolved = [];

    private readonly List<string> _roles = [];

    private readonly EngineCache _engines;

    private GraphSessions(string cacheFolder)
    {
        _engines = new EngineCache(cacheFolder);
    }

    /// <summary>A graph by its role, one of those without which no text becomes a video.</summary>
    public GraphSession this[string role] => _sessions[role];

    /// <summary>A graph by its role; null if the pack has none for it.</summary>
    public GraphSession? Find(string role) => _sessions.GetValueOrDefault(role);

    /// <summary>What each graph runs on, in the order in which they run.</summary>
    public IReadOnlyList<GraphReport> Reports => [.. _roles.Select(role => GraphReport.Of(_sessions[role]))];

    /// <summary>Providers that were preferred for a graph and cannot be had, each once.</summary>
    public IReadOnlyList<SkippedProvider> Skipped => [.. _sessions.Values.SelectMany(session => session.Target.Skipped).DistinctBy(skipped => skipped.Provider)];

    /// <summary>What works otherwise than wanted, and why.</summary>
    public IReadOnlyList<string> Notices => _engines.Notices;

    /// <summary>Loads the graphs.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="target">What to run on, for all graphs and for single ones.</param>
    /// <param name="cacheFolder">Where built engines are kept.</param>
    /// <param name="cancellationToken">Stops it between two graphs.</param>
    /// <exception cref="ModelPackException">A graph is missing, or is not what the pack declares.</exception>
    /// <exception cref="ExecutionTargetException">The target cannot be had here.</exception>
    public static GraphSessions Open(ModelPack pack, ExecutionTarget target, string cacheFolder, CancellationToken cancellationToken)
    {
        GraphSessions sessions = new(cacheFolder);
        try
        {
            foreach (string role in pack.Contract.RunRoles)
            {
                cancellationToken.ThrowIfCancellationRequested();
                GraphContract contract = pack.Contract.FindGraph(role)
                    ?? throw new ModelPackException(pack.Folder, $"graph '{role}' must be there, but is missing from seedance.json. Use a pack that has one.");
                ResolvedTarget resolved = sessions.Resolve(contract, target);
                EngineSetup? engine = resolved.Provider == ExecutionProvider.TensorRt ? PrepareEngine(pack, contract, resolved, sessions._engines) : null;
                sessions._roles.Add(role);
                sessions._sessions.Add(role, GraphSession.Open(pack.Folder, contract, resolved, engine));
            }

            return sessions;
        }
        catch
        {
            sessions.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (GraphSession session in _sessions.Values)
        {
            session.Dispose();
        }

        _engines.Dispose();
    }

    /// <summary>What TensorRT must know of a graph: its shapes, and a folder that belongs to them and to the sums of its files.</summary>
    internal static EngineSetup PrepareEngine(ModelPack pack, GraphContract contract, ResolvedTarget target, EngineCache cache)
    {
        string path = pack.PathOfGraph(contract.Role), folder = $"{contract.File[..(contract.File.LastIndexOf('/') + 1)]}";
        string[] sums = [.. pack.Contract.Files.Where(file => file.Key.StartsWith(folder, StringComparison.Ordinal)).Select(file => $"{file.Key} {file.Value}")];
        string graphHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', sums))));
        HashSet<string> present = [.. OnnxModel.Load(path).Graph.Inputs.Select(input => input.Name)];
        ShapeProfile shapes = ShapeProfile.Of(contract, pack.Contract, target.TensorRt.Axes).Keep(present);
        return cache.Prepare(contract.Role, graphHash, shapes, target);
    }

    private ResolvedTarget Resolve(GraphContract contract, ExecutionTarget target)
    {
        ExecutionTarget own = target.ForGraph(contract.Role);
        if (contract.Inputs.Any(input => input.ElementType == ElementType.Text))
        {
            // No other provider holds text.
            own = ExecutionTarget.Cpu.Over(own);
        }

        // A provider is tried once, not once a graph.
        return _resolved.TryGetValue(own, out ResolvedTarget? resolved) ? resolved : _resolved[own] = own.Resolve();
    }
}
