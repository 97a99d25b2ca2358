namespace Seedance.Onnx.Packs;

/// <summary>Whether what a contract says of images fits together: channels, graphs, and how many images there can be.</summary>
internal static class ConditionChecks
{
    private const string Path = $"{ContractReader.FileName}: $";

    public static void Check(PackContract contract, List<string> problems)
    {
        int mask = contract.TransformerChannels.Count(ChannelKind.Mask), stride = contract.Latents.TemporalStride;
        if (mask > 1 && mask != stride)
        {
            problems.Add($"{Path}.transformer_channels must have 1 channel of kind mask, or {stride}, one for each frame of a latent frame's group, but has {mask}.");
        }

        if (contract.MinImages > contract.MaxImages)
        {
            problems.Add($"{Path}.images.min must be at most max {contract.MaxImages}, but is {contract.MinImages}.");
        }

        if (contract.MinImages > 0 && (contract.FindGraph(GraphRoles.VaeEncoder) is null || contract.TransformerChannels.Count(ChannelKind.Condition) == 0))
        {
            problems.Add($"{Path}.images.min must be 0 without a graph {GraphRoles.VaeEncoder} and channels of kind condition, but is {contract.MinImages}.");
        }

        if (contract.Video.WindowFrames is { } frames && contract.WhyNotOn is { } reason)
        {
            problems.Add($"{Path}.video.window_frames must be left out where the pack {reason}, because every window begins with a given frame, but is {frames}. Remove it.");
        }

        if (contract.FindGraph(GraphRoles.Transformer)?.FindInput("encoder_hidden_states_image") is { } features)
        {
            CheckFeatures(contract, features, problems);
        }
    }

    /// <summary>A transformer that looks at features of images gets them from an image encoder, for every video.</summary>
    private static void CheckFeatures(PackContract contract, TensorContract features, List<string> problems)
    {
        string path = $"{Path}.graphs.{GraphRoles.Transformer}.inputs.{features.Name}";
        if (contract.MinImages == 0)
        {
            problems.Add($"{Path}.images.min must be at least 1 with a transformer that takes '{features.Name}', but is 0.");
        }

        if (contract.FindGraph(GraphRoles.ImageEncoder) is not { } encoder)
        {
            problems.Add($"{Path}.graphs.{GraphRoles.ImageEncoder} must be there with a transformer that takes '{features.Name}', but is missing. Add it.");
            return;
        }

        foreach (TensorAxis axis in encoder.FindInput("pixel_values")?.Axes.Where((_, index) => index != 1) ?? [])
        {
            if (axis.Length is { } length)
            {
                problems.Add($"{Path}.graphs.{GraphRoles.ImageEncoder}.inputs.pixel_values must have letters for batch, height and width, as it gets images of the video's size, but has {length}. Resize inside the graph.");
            }
        }

        // Of tensors of another rank everything is said elsewhere.
        if (encoder.FindOutput("last_hidden_state") is not { Axes: [_, var rows, var width] } || features.Axes is not [_, var taken, var takenWidth])
        {
            return;
        }

        if (width.Length is { } made && takenWidth.Length is { } wanted && made != wanted)
        {
            problems.Add($"{path}.shape[2] must be {made}, as the image encoder's features have, but is {wanted}.");
        }

        if (taken.Length is { } all && rows.Length is { } each && (all != each * contract.MinImages || all != each * contract.MaxImages))
        {
            problems.Add($"{path}.shape[1] must be {each} for each image, of which there are {contract.MinImages} to {contract.MaxImages} by images, but is {all}. Correct one of both, or write a letter.");
        }
    }
}
