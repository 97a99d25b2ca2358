using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Execution;

/// <summary>The rules for targets, all checked at once.</summary>
internal static class ExecutionTargetChecks
{
    public static IReadOnlyList<string> FindProblems(ExecutionTarget target)
    {
        string[] ofAll = [.. OfAll(target)];
        List<string> problems = [.. ofAll];
        foreach ((string role, ExecutionTarget graph) in target.Graphs)
        {
            if (!GraphRoles.All.Contains(role, StringComparer.Ordinal))
            {
                problems.Add($"The graphs of a target must be among {string.Join(", ", GraphRoles.All)}, but one is '{role}'. Correct or remove it.");
            }

            if (!graph.Graphs.IsEmpty)
            {
                problems.Add($"The target of graph '{role}' must not have graphs itself, but has {string.Join(", ", graph.Graphs.Keys)}. Remove them.");
            }

            problems.AddRange(OfAll(target.ForGraph(role)).Except(ofAll, StringComparer.Ordinal).Select(problem => $"Graph '{role}': {problem}"));
        }

        return problems;
    }

    private static IEnumerable<string> OfAll(ExecutionTarget target)
    {
        // Where providers are not specified, the target below decides which there are, and whether they have the rest.
        if (target.Providers is { } chain)
        {
            foreach (string problem in OfProviders(chain) is { } wrong ? [wrong] : OfWhatProvidersHave(target, chain))
            {
                yield return problem;
            }
        }

        if (target.DeviceId < 0)
        {
            yield return $"The device must be a number from 0, but is {target.DeviceId}.";
        }

        foreach ((string name, int? threads) in new[] { ("threads", target.Threads), ("inter-op threads", target.InterOpThreads) })
        {
            if (threads is < 1 or > ExecutionTarget.MaxThreads)
            {
                yield return $"The number of {name} must be from 1 to {ExecutionTarget.MaxThreads}, but is {threads}.";
            }
        }

        foreach (string problem in (target.Cuda?.FindProblems() ?? []).Concat(target.TensorRt?.FindProblems() ?? []))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> OfWhatProvidersHave(ExecutionTarget target, IReadOnlyList<ExecutionProvider> chain)
    {
        if (target.DeviceId > 0 && !chain.Any(provider => provider.IsNvidia()))
        {
            yield return $"The device must be 0 on {Describe(chain)}, which has no other, but is {target.DeviceId}. Leave it out, or ask for cuda or tensorrt.";
        }

        if (target.Precision is { } precision and not ComputePrecision.Fp32 && !chain.Contains(ExecutionProvider.TensorRt))
        {
            yield return $"The precision must be fp32 on {Describe(chain)}, which computes as the graph's file says, but is {precision.ToName()}. "
                + "Leave it out, ask for tensorrt, or use a pack whose graphs were converted.";
        }
    }

    private static string? OfProviders(IReadOnlyList<ExecutionProvider> chain) =>
        chain.Count == 0 ? "The providers must be at least one, but are none. Name one, or leave them out for the processor."
        : chain.Any(provider => !Enum.IsDefined(provider)) ? $"The providers must be among {string.Join(", ", ExecutionProviderNames.All)}, but one is number {(int)chain.First(provider => !Enum.IsDefined(provider))}."
        : chain.Distinct().Count() < chain.Count ? $"The providers must be named once each, but are {Describe(chain)}. Remove the repeated one."
        : chain.SkipLast(1).Contains(ExecutionProvider.Cpu) ? $"The provider cpu must be the last one, because it can always be had, but the providers are {Describe(chain)}. Move it to the end."
        : null;

    private static string Describe(IEnumerable<ExecutionProvider> chain) => string.Join(", ", chain.Select(provider => provider.ToName()));
}
