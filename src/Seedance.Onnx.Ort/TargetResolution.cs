using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>Finds out what of an <see cref="ExecutionTarget"/> can be had here.</summary>
public static class TargetResolution
{
    /// <summary>Tries the providers in order, each with a graph of one node, and takes the first that runs it.</summary>
    /// <param name="target">What graphs should run on; what it says of single graphs is left out.</param>
    /// <returns>What graphs run on, and why not on what was preferred.</returns>
    /// <exception cref="ExecutionTargetException">The target contradicts itself, or none of its providers can be had; it says why for each.</exception>
    public static ResolvedTarget Resolve(this ExecutionTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        IReadOnlyList<string> problems = (target with { Providers = target.Chain }).FindProblems();
        return problems.Count == 0
            ? ProviderProbe.Resolve(target, provider => ProviderProbe.FindObstacle(provider, target))
            : throw new ExecutionTargetException(string.Join(' ', problems));
    }
}
