using System.Collections.Concurrent;
using Seedance.Onnx.Composition;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx;

/// <summary>The graphs that a pipeline runs, loaded, each on what it is to run on.</summary>
/// <remarks>The opener disposes it.</remarks>
internal sealed class GraphSessions : IDisposable
{
    /// <summary>Branches of a guided step: with the prompt, and with what guidance leads away from.</summary>
    private const int GuidedBranches = 2;

    private readonly ConcurrentDictionary<string, GraphSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ComposedGraph> _composed = new(StringComparer.Ordinal);
    private readonly Dictionary<ExecutionTarget, ResolvedTarget> _resolved = [];
    private readonly Lock _gate = new();
    private readonly PackComposer _composer;
    private readonly EngineCache _engines;
    private readonly ModelPack _pack;
    private readonly ExecutionTarget _target;
    private readonly bool _fuses;
    private readonly bool _keepsMemory;

    private GraphSessions(ModelPack pack, ExecutionTarget target, string cacheFolder, bool verified, bool fuses, bool keepsMemory)
    {
        _pack = pack;
        _target = target;
        _fuses = fuses;
        _keepsMemory = keepsMemory;
        _composer = new PackComposer(pack, cacheFolder, verified, fuses);
        _engines = new EngineCache(cacheFolder);
    }

    /// <summary>A loaded graph by its role; the tokenizer's is null where it is part of the text encoder's.</summary>
    public GraphSession? Find(string role) => _sessions.GetValueOrDefault(role);

    /// <summary>A loaded graph by its role, one of those without which no text becomes a video, but not the tokenizer.</summary>
    public GraphSession this[string role] => _sessions[role];

    /// <summary>What was made of the pack's graphs, by role.</summary>
    public IReadOnlyDictionary<string, ComposedGraph> Composed => _composed;

    /// <summary>What each loaded graph runs on, in the order in which they run.</summary>
    public IReadOnlyList<GraphReport> Reports => [.. from role in GraphRoles.All
                                                     let session = Find(role)
                                                     where session is not null || role == GraphRoles.Tokenizer
                                                     select session is null ? new GraphReport(role, this[GraphRoles.TextEncoder].Target.Provider, ElementType.Float32) : GraphReport.Of(session)];

    /// <summary>Providers that were preferred for a graph and cannot be had, each once.</summary>
    public IReadOnlyList<SkippedProvider> Skipped => [.. _sessions.Values.SelectMany(session => session.Target.Skipped).DistinctBy(skipped => skipped.Provider)];

    /// <summary>What works otherwise than wanted, and why.</summary>
    public IReadOnlyList<string> Notices => [.. _composer.Notices, .. _engines.Notices];

    /// <summary>Makes the graphs without which no text becomes a video, or takes them from the cache, and loads them.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="target">What to run on, for all graphs and for single ones.</param>
    /// <param name="cacheFolder">Where composed graphs and built engines are kept.</param>
    /// <param name="verified">Whether the pack's files were compared with their sums.</param>
    /// <param name="fuses">Whether operators are fused, and branches run side by side; otherwise graphs run as they were exported.</param>
    /// <param name="keepsMemory">Whether a graph may keep what it worked in for the next video; otherwise the next stage finds it free.</param>
    /// <param name="cancellationToken">Stops it: between two graphs, and while one is composed.</param>
    /// <exception cref="ModelPackException">A graph is missing, or is not what the pack declares.</exception>
    /// <exception cref="ExecutionTargetException">The target cannot be had here.</exception>
    public static GraphSessions Open(ModelPack pack, ExecutionTarget target, string cacheFolder, bool verified, bool fuses, bool keepsMemory, CancellationToken cancellationToken)
    {
        GraphSessions sessions = new(pack, target, cacheFolder, verified, fuses, keepsMemory);
        try
        {
            sessions.OpenText(cancellationToken);
            foreach (string role in pack.Contract.RunRoles.Except([GraphRoles.Tokenizer, GraphRoles.TextEncoder], StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                sessions.Load(role, cancellationToken);
            }

            sessions.RequireOneDevice();
            NativeHeap.GiveBack();
            return sessions;
        }
        catch
        {
            sessions.Dispose();
            throw;
        }
    }

    /// <summary>A graph that not every video needs; made and loaded when it is asked for the first time, and kept. Safe for several threads.</summary>
    /// <param name="role">Its role.</param>
    /// <param name="cancellationToken">Stops it while it is composed.</param>
    /// <exception cref="ModelPackException">The pack has none, or it is not what the pack declares.</exception>
    /// <exception cref="ExecutionTargetException">The target cannot be had here.</exception>
    public GraphSession Need(string role, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_sessions.ContainsKey(role))
            {
                Load(role, cancellationToken);
                NativeHeap.GiveBack();
            }

            return _sessions[role];
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

    /// <summary>What TensorRT must know of a graph: its shapes, and a folder that belongs to them and to what it was made from.</summary>
    internal static EngineSetup PrepareEngine(ModelPack pack, ComposedGraph graph, EngineCache cache)
    {
        HashSet<string> present = [.. graph.Model.Graph.RequiredInputs.Select(input => input.Name)];
        ShapeProfile shapes = ShapeProfile.Of(graph.Contract, pack.Contract, graph.Target.TensorRt.Axes).Keep(present);
        return cache.Prepare(graph.Contract.Role, graph.Key, shapes, graph.Target);
    }

    private void OpenText(CancellationToken cancellationToken)
    {
        ResolvedTarget encoder = Resolve(GraphRoles.TextEncoder);
        if (_composer.ComposeText(encoder, cancellationToken) is { } text)
        {
            Add(text);
            return;
        }

        GraphContract tokenizer = _pack.Contract.FindGraph(GraphRoles.Tokenizer)!;
        _sessions[GraphRoles.Tokenizer] = GraphSession.Open(_pack.Folder, tokenizer, Resolve(GraphRoles.Tokenizer));
        cancellationToken.ThrowIfCancellationRequested();
        Load(GraphRoles.TextEncoder, cancellationToken);
    }

    private void Load(string role, CancellationToken cancellationToken)
    {
        ResolvedTarget target = Resolve(role);
        Add(role switch
        {
            _ when GraphRoles.Transformers.Contains(role, StringComparer.Ordinal) => _composer.ComposeStep(target, role, cancellationToken),
            GraphRoles.VaeDecoder or GraphRoles.ThinVaeDecoder => _composer.ComposePixels(target, role, cancellationToken),
            _ => _composer.Rewrite(role, target, cancellationToken),
        });
    }

    private void Add(ComposedGraph graph)
    {
        EngineSetup? engine = graph.Target.Provider == ExecutionProvider.TensorRt ? PrepareEngine(_pack, graph, _engines) : null;
        _composed[graph.Contract.Role] = graph;
        _sessions[graph.Contract.Role] = graph.Open(_pack.Folder, engine);
    }

    /// <summary>Two transformers hand the state to one another where it is.</summary>
    private void RequireOneDevice()
    {
        if (Find(GraphRoles.SecondTransformer) is not { } graph)
        {
            return;
        }

        string first = PlaceOf(this[GraphRoles.Transformer].Target), second = PlaceOf(graph.Target);
        if (first != second)
        {
            throw new ExecutionTargetException($"Graph '{GraphRoles.SecondTransformer}' must run on {first}, as '{GraphRoles.Transformer}' does, but is to run on {second}. Give both the same provider and device.");
        }

        static string PlaceOf(ResolvedTarget target) => target.Provider == ExecutionProvider.Cpu ? "the CPU" : $"{target.Provider.ToName()} device {target.DeviceId}";
    }

    private ResolvedTarget Resolve(string role)
    {
        ExecutionTarget own = _target.ForGraph(role);
        if (role == GraphRoles.Tokenizer)
        {
            // No other provider holds text.
            own = ExecutionTarget.Cpu.Over(own);
        }

        // A provider is tried once, not once a graph.
        if (!_resolved.TryGetValue(own, out ResolvedTarget? resolved))
        {
            ResolvedTarget here = own.Resolve();
            _resolved[own] = resolved = _keepsMemory ? here : here with { KeptBytes = 0 };
        }

        return _fuses ? SideBySide(role, resolved) : resolved;
    }

    /// <summary>
    /// Where guidance runs as many branches as the processor has threads, each branch gets a thread: two that compute one batch together hand every node's values to one another. A run without guidance has
    /// that one thread then.
    /// </summary>
    private ResolvedTarget SideBySide(string role, ResolvedTarget target)
    {
        SamplingDefaults sampling = _pack.Contract.Sampling;
        double guidance = role switch
        {
            GraphRoles.Transformer => sampling.Guidance,
            GraphRoles.SecondTransformer => sampling.SecondGuidance ?? sampling.Guidance,
            _ => 1,
        };
        return guidance != 1 && target.Provider == ExecutionProvider.Cpu && target.InterOpThreads == 1 && target.Threads == GuidedBranches
            ? target with { Target = target.Target with { Threads = 1 }, RunsAtOnce = GuidedBranches }
            : target;
    }
}
