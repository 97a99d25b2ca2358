using Seedance.Onnx.Execution;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx;

/// <summary>The loaded graphs of a pack, each on what it is to run on.</summary>
/// <remarks>The opener disposes it.</remarks>
internal sealed class GraphSessions : IDisposable
{
    private readonly Dictionary<string, GraphSession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<ExecutionTarget, ResolvedTarget> _resolved = [];

    private GraphSessions()
    {
    }

    /// <summary>A graph by its role, one of those without which no text becomes a video.</summary>
    public GraphSession this[string role] => _sessions[role];

    /// <summary>What each graph runs on, in the order in which they run.</summary>
    public IReadOnlyList<GraphReport> Reports => [.. GraphRoles.Required.Select(role => GraphReport.Of(_sessions[role]))];

    /// <summary>Providers that were preferred for a graph and cannot be had, each once.</summary>
    public IReadOnlyList<SkippedProvider> Skipped => [.. _sessions.Values.SelectMany(session => session.Target.Skipped).DistinctBy(skipped => skipped.Provider)];

    /// <summary>Loads the graphs.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="target">What to run on, for all graphs and for single ones.</param>
    /// <param name="cancellationToken">Stops it between two graphs.</param>
    /// <exception cref="ModelPackException">A graph is missing, or is not what the pack declares.</exception>
    /// <exception cref="ExecutionTargetException">The target cannot be had here.</exception>
    public static GraphSessions Open(ModelPack pack, ExecutionTarget target, CancellationToken cancellationToken)
    {
        GraphSessions sessions = new();
        try
        {
            foreach (string role in GraphRoles.Required)
            {
                cancellationToken.ThrowIfCancellationRequested();
                GraphContract contract = pack.Contract.FindGraph(role)
                    ?? throw new ModelPackException(pack.Folder, $"graph '{role}' must be there, but is missing from seedance.json. Use a pack that has one.");
                sessions._sessions.Add(role, GraphSession.Open(pack.Folder, contract, sessions.Resolve(contract, target)));
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
