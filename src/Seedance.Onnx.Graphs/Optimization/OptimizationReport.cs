using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>What an optimisation did.</summary>
/// <param name="Passes">Each pass and how often it changed something.</param>
/// <param name="NodesBefore">Nodes before, those of inner graphs included.</param>
/// <param name="NodesAfter">Nodes after.</param>
/// <param name="InitializerBytesBefore">Bytes of the main graph's initialisers before.</param>
/// <param name="InitializerBytesAfter">Bytes of the main graph's initialisers after.</param>
public sealed record OptimizationReport(ImmutableArray<PassReport> Passes, int NodesBefore, int NodesAfter, long InitializerBytesBefore, long InitializerBytesAfter)
{
    /// <summary>Whether there was nothing to do.</summary>
    public bool IsUnchanged => Passes.All(pass => pass.Changes == 0);

    /// <summary>How often a pass changed something.</summary>
    /// <param name="pass">Its name.</param>
    /// <returns>The number; 0 when there is no such pass.</returns>
    public int ChangesOf(string pass) => Passes.FirstOrDefault(report => report.Pass == pass)?.Changes ?? 0;
}
