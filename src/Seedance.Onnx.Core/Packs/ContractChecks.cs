using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Packs;

/// <summary>Whether the parts of a contract, each well formed, fit together.</summary>
internal static class ContractChecks
{
    private const int ChannelAxis = 1;

    public static void Check(PackContract contract, List<string> problems)
    {
        CheckVideo(contract.Video, contract.Latents, problems);
        CheckCascade(contract, problems);
        CheckChannels("", contract.TransformerChannels, contract.Latents, "latents", problems);
        SemanticsChecks.Check(contract, problems);
        ConditionChecks.Check(contract, problems);
        CheckExperts(contract, problems);
        foreach (GraphContract graph in contract.Graphs.Values)
        {
            KnownTensors.Check(graph, problems);
            CheckListed(contract, graph.File, problems);
        }

        CheckListed(contract, SchedulerReader.FileName, problems);
        CheckShots(contract, problems);
        int channels = contract.Latents.Channels;
        CheckAxis(contract, GraphRoles.Transformer, "hidden_states", contract.TransformerChannels.Total, problems);
        CheckAxis(contract, GraphRoles.Transformer, "out_hidden_states", channels, problems);
        CheckAxis(contract, GraphRoles.ImageEncoder, "pixel_values", 3, problems);
        CheckAxis(contract, GraphRoles.VaeEncoder, "sample", 3, problems);
        CheckAxis(contract, GraphRoles.VaeEncoder, "latent_parameters", 2 * channels, problems);
        foreach (string role in new[] { GraphRoles.VaeDecoder, GraphRoles.ThinVaeDecoder })
        {
            CheckAxis(contract, role, "latent_sample", channels, problems);
            CheckAxis(contract, role, "sample", 3, problems);
            CheckMemory(contract, role, problems);
        }

        CheckAxis(contract, GraphRoles.Upscaler, "sample", 3, problems);
        CheckAxis(contract, GraphRoles.Upscaler, "upscaled", 3, problems);
        CheckAxis(contract, GraphRoles.Reward, "sample", 3, problems);
        CheckAxis(contract, GraphRoles.Reward, "scores", 4, problems);
    }

    /// <summary>A pack that says it takes shots has a transformer that can tell them apart.</summary>
    private static void CheckShots(PackContract contract, List<string> problems)
    {
        foreach (string name in new[] { "frame_shot_ids", "encoder_shot_ids" })
        {
            if (contract.MaxShots > 1 && contract.FindGraph(GraphRoles.Transformer)?.FindInput(name) is null)
            {
                problems.Add($"{ContractReader.FileName}: $.text.max_shots must be 1 without an input '{name}' of the transformer, but is {contract.MaxShots}.");
            }
        }
    }

    /// <summary>Frames become larger by the upscaler alone, in whole passes.</summary>
    private static void CheckCascade(PackContract contract, List<string> problems)
    {
        if (contract.Cascade is not { } cascade)
        {
            return;
        }

        if (contract.FindGraph(GraphRoles.Upscaler) is null)
        {
            problems.Add($"{ContractReader.FileName}: $.cascade must be left out without a graph {GraphRoles.Upscaler}, but is there. Remove it, or add the graph.");
        }

        foreach ((string name, int times) in cascade.Resolutions.Where(pair => cascade.PassesTo(pair.Value) is null))
        {
            problems.Add($"{ContractReader.FileName}: $.cascade.resolutions['{name}'] must be 1, {cascade.Scale} or {cascade.Scale * cascade.Scale}, as the scale has it, but is {times}.");
        }
    }

    /// <summary>A second transformer and the noise level where it begins belong together, and it is called as the first one is.</summary>
    private static void CheckExperts(PackContract contract, List<string> problems)
    {
        const string path = $"{ContractReader.FileName}: $";
        SamplingDefaults sampling = contract.Sampling;
        GraphContract? first = contract.FindGraph(GraphRoles.Transformer), second = contract.FindGraph(GraphRoles.SecondTransformer);
        if (second is null != sampling.BoundaryRatio is null)
        {
            problems.Add($"{path}.sampling.boundary_ratio must be there exactly with a graph {GraphRoles.SecondTransformer}, but one of both is missing. Add it, or remove the other.");
        }

        if (sampling.SecondGuidance is not null && sampling.BoundaryRatio is null)
        {
            problems.Add($"{path}.sampling.guidance_2 must be left out without boundary_ratio, but is {sampling.SecondGuidance}. Remove it.");
        }

        GraphContract? distilled = contract.FindGraph(GraphRoles.DistilledTransformer);
        if (distilled is null != sampling.Distilled is null)
        {
            problems.Add($"{path}.sampling.distilled must be there exactly with a graph {GraphRoles.DistilledTransformer}, but one of both is missing. Add it, or remove the other.");
        }

        if (distilled is not null && second is not null)
        {
            problems.Add($"{path}.graphs.{GraphRoles.DistilledTransformer} must be left out with a graph {GraphRoles.SecondTransformer}, but both are there. Remove one.");
        }

        foreach (GraphContract other in new[] { second, distilled }.OfType<GraphContract>().Where(_ => first is not null))
        {
            // Of the distilled one alone the pack may say that it follows no semantic tokens, or that only it does.
            string[] own = other.Role == GraphRoles.DistilledTransformer ? [SemanticsContract.Input] : [];
            string[] others = [.. Calls(first!, own).Except(Calls(other, own)), .. Calls(other, own).Except(Calls(first!, own))];
            if (others.Length > 0)
            {
                problems.Add($"{path}.graphs.{other.Role} must have the tensors of {GraphRoles.Transformer}, but has others: {string.Join(", ", others)}.");
            }
        }

        static string[] Calls(GraphContract graph, string[] but) => [.. graph.Inputs.Concat(graph.Outputs).Where(tensor => !but.Contains(tensor.Name)).Select(tensor => $"{tensor.Name} {tensor}")];
    }

    /// <summary>What a decoder remembers comes out as it goes in, and follows from the shape of the latents alone.</summary>
    private static void CheckMemory(PackContract contract, string role, List<string> problems)
    {
        if (contract.FindGraph(role) is not { } decoder)
        {
            return;
        }

        string path = $"{ContractReader.FileName}: $.graphs.{role}";
        string[] free = [.. decoder.FindInput("latent_sample")?.Axes.Select(axis => axis.Letter).OfType<string>() ?? []];
        foreach (TensorContract past in ChunkMemory.PastOf(decoder))
        {
            string name = ChunkMemory.PresentOf(past.Name);
            TensorContract? present = decoder.FindOutput(name);
            if (present is null || present.ElementType != past.ElementType || !present.Axes.SequenceEqual(past.Axes))
            {
                problems.Add($"{path}.outputs.{name} must be {past}, as inputs.{past.Name} is, but is {present?.ToString() ?? "missing"}.");
            }

            foreach (string letter in past.Axes.Select(axis => axis.Letter).OfType<string>().Except(free, StringComparer.Ordinal))
            {
                problems.Add($"{path}.inputs.{past.Name} must have axes that latent_sample has, or fixed ones, but has '{letter}'. Fold it to the latents' height and width.");
            }
        }

        int pasts = ChunkMemory.PastOf(decoder).Count();
        int presents = decoder.Outputs.Count(tensor => tensor.Name.StartsWith(ChunkMemory.PresentPrefix, StringComparison.Ordinal));
        if (pasts != presents)
        {
            problems.Add($"{path} must have as many outputs present_N as inputs past_N, but has {presents} and {pasts}.");
        }
    }

    private static void CheckVideo(VideoContract video, LatentGeometry latents, List<string> problems)
    {
        const string path = $"{ContractReader.FileName}: $.video";
        if (video.SizeMultiple % latents.SpatialStride != 0)
        {
            problems.Add($"{path}.size_multiple must be a multiple of the spatial stride {latents.SpatialStride}, but is {video.SizeMultiple}.");
        }

        foreach (VideoSize size in video.Sizes.Where(size => size.NearestMultiple(video.SizeMultiple) != size))
        {
            problems.Add($"{path}.sizes must have sizes in multiples of {video.SizeMultiple}, but has {size}.");
        }

        foreach ((string key, int frames) in new[] { ("max_frames", video.MaxFrames), ("default_frames", video.DefaultFrames) })
        {
            if (!latents.IsValidFrames(frames))
            {
                problems.Add($"{path}.{key} must be {latents.FramesRule}, but is {frames}.");
            }
        }

        if (video.WindowFrames is { } window && (!latents.IsValidFrames(window) || window > video.MaxFrames))
        {
            problems.Add($"{path}.window_frames must be {latents.FramesRule}, up to max_frames {video.MaxFrames}, but is {window}.");
        }

        if (video.DefaultFrames > video.MaxFrames)
        {
            problems.Add($"{path}.default_frames must be at most max_frames {video.MaxFrames}, but is {video.DefaultFrames}.");
        }
    }

    /// <summary>Numbers for each channel, and groups of channels as wide as what is sampled.</summary>
    /// <param name="parent">Where transformer_channels stands: "" or "semantics.".</param>
    /// <param name="channels">The groups.</param>
    /// <param name="latents">What is sampled.</param>
    /// <param name="name">What that is called, and where its numbers stand.</param>
    /// <param name="problems">Where it goes that something is wrong.</param>
    internal static void CheckChannels(string parent, TransformerChannels channels, LatentGeometry latents, string name, List<string> problems)
    {
        string path = $"{ContractReader.FileName}: $.{parent}transformer_channels";
        foreach ((string key, int count) in new[] { ("mean", latents.Mean.Length), ("std", latents.Std.Length) })
        {
            if (count != latents.Channels)
            {
                problems.Add($"{ContractReader.FileName}: $.{name}.{key} must have one number for each of the {latents.Channels} channels, but has {count}.");
            }
        }

        foreach (ChannelKind kind in Enum.GetValues<ChannelKind>())
        {
            string ofKind = kind.ToString().ToLowerInvariant();
            int groups = channels.Groups.Count(group => group.Kind == kind);
            if (kind != ChannelKind.Condition && channels.Groups.Any(group => group.Kind == kind && group.Absent != AbsentFrames.Zeros))
            {
                problems.Add($"{path} must say what absent frames are of kind condition only, but does so of {ofKind}. Remove the key.");
            }

            if (groups > 1 || (groups == 0 && kind == ChannelKind.Noisy))
            {
                problems.Add($"{path} must have {(kind == ChannelKind.Noisy ? "one group" : "at most one group")} of kind {ofKind}, but has {groups}.");
            }
            else if (groups == 1 && kind != ChannelKind.Mask && channels.Count(kind) != latents.Channels)
            {
                problems.Add($"{path} must have {latents.Channels} channels of kind {ofKind}, as the {name} have, but has {channels.Count(kind)}.");
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
