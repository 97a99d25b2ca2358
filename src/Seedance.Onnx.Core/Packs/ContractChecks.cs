namespace Seedance.Onnx.Packs;

/// <summary>Whether the parts of a contract, each well formed, fit together.</summary>
internal static class ContractChecks
{
    private const int ChannelAxis = 1;

    public static void Check(PackContract contract, List<string> problems)
    {
        CheckChannels(contract, problems);
        foreach (GraphContract graph in contract.Graphs.Values)
        {
            KnownTensors.Check(graph, problems);
            CheckListed(contract, graph.File, problems);
        }

        CheckListed(contract, SchedulerReader.FileName, problems);
        int channels = contract.Latents.Channels;
        CheckAxis(contract, GraphRoles.Transformer, "hidden_states", contract.TransformerChannels.Total, problems);
        CheckAxis(contract, GraphRoles.Transformer, "out_hidden_states", channels, problems);
        CheckAxis(contract, GraphRoles.VaeEncoder, "sample", 3, problems);
        CheckAxis(contract, GraphRoles.VaeEncoder, "latent_parameters", 2 * channels, problems);
        CheckAxis(contract, GraphRoles.VaeDecoder, "latent_sample", channels, problems);
        CheckAxis(contract, GraphRoles.VaeDecoder, "sample", 3, problems);
    }

    private static void CheckChannels(PackContract contract, List<string> problems)
    {
        const string path = $"{ContractReader.FileName}: $.transformer_channels";
        TransformerChannels channels = contract.TransformerChannels;
        foreach (ChannelKind kind in Enum.GetValues<ChannelKind>())
        {
            string name = kind.ToString().ToLowerInvariant();
            int groups = channels.Groups.Count(group => group.Kind == kind);
            if (groups > 1 || (groups == 0 && kind == ChannelKind.Noisy))
            {
                problems.Add($"{path} must have {(kind == ChannelKind.Noisy ? "one group" : "at most one group")} of kind {name}, but has {groups}.");
            }
            else if (groups == 1 && kind != ChannelKind.Mask && channels.Count(kind) != contract.Latents.Channels)
            {
                problems.Add($"{path} must have {contract.Latents.Channels} channels of kind {name}, as the latents have, but has {channels.Count(kind)}.");
            }
        }
    }

    private static void CheckListed(PackContract contract, string file, List<string> problems)
    {
        if (!contract.Files.ContainsKey(file))
        {
            problems.Add($"{ContractReader.FileName}: $.files must list '{file}', but does not. Add it with its sha256.");
        }
    }

    /// <summary>Where the channel axis has a fixed length, it must be the one that the rest of the contract states.</summary>
    private static void CheckAxis(PackContract contract, string role, string name, int expected, List<string> problems)
    {
        GraphContract? graph = contract.FindGraph(role);
        (string side, TensorContract? tensor) = graph?.FindInput(name) is { } input ? ("inputs", input) : ("outputs", graph?.FindOutput(name));
        if (tensor?.Axes.Length > ChannelAxis && tensor.Axes[ChannelAxis].Length is { } length && length != expected)
        {
            problems.Add($"{ContractReader.FileName}: $.graphs.{role}.{side}.{name}.shape[{ChannelAxis}] must be {expected} channels, but is {length}.");
        }
    }
}
