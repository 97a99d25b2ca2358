using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Optimization;

/// <summary>The lengths that the axes of a pack's tensors have for a clip. Roles and tensors are closed lists, and so is what their axes mean.</summary>
internal sealed record PackShapes
{
    private static readonly Dictionary<string, string> Axes = new(StringComparer.Ordinal)
    {
        ["text"] = "B",
        ["input_ids"] = "B S",
        ["attention_mask"] = "B S",
        ["shot_ids"] = "B S",
        ["pixel_values"] = "B 3 H W",
        ["hidden_states"] = "B C f h w",
        ["timestep"] = "B",
        ["encoder_hidden_states"] = "B S D",
        ["encoder_attention_mask"] = "B S",
        ["encoder_shot_ids"] = "B S",
        ["frame_shot_ids"] = "B f",
        ["encoder_hidden_states_image"] = "B S D",
        ["sample"] = "B 3 F H W",
        ["latent_sample"] = "B C f h w",
        [ChunkMemory.PastPrefix] = "B C t h w",
    };

    /// <summary>B of the graphs that read text, with a row for each guided branch. The VAE's is 1.</summary>
    public required int Branches { get; init; }

    /// <summary>S: tokens of a prompt.</summary>
    public required int Tokens { get; init; }

    /// <summary>[C, f, h, w] of the clip.</summary>
    public required LatentShape Latents { get; init; }

    /// <summary>F: frames of the clip.</summary>
    public required int Frames { get; init; }

    /// <summary>W and H of the clip, in pixels.</summary>
    public required VideoSize Size { get; init; }

    /// <summary>A clip of the pack's own size and length, with a prompt of as many tokens as it reads.</summary>
    public static PackShapes Default(PackContract contract) => Of(contract, contract.Video.Sizes[0], contract.Video.DefaultFrames);

    /// <summary>A clip of two latent frames and 4 by 6 steps of the pack's grid, to run graphs with.</summary>
    public static PackShapes Small(PackContract contract)
    {
        VideoSize size = new(6 * contract.Video.SizeMultiple, 4 * contract.Video.SizeMultiple);
        return Of(contract, size, Math.Min(contract.Latents.Frames(2), contract.Video.MaxFrames)) with { Branches = 2, Tokens = Math.Min(16, contract.MaxTokens) };
    }

    /// <summary>The length of an axis of an input; null for one that no clip decides.</summary>
    public long? LengthOf(string role, string input, int axis) => Axes[input.StartsWith(ChunkMemory.PastPrefix, StringComparison.Ordinal) ? ChunkMemory.PastPrefix : input].Split(' ')[axis] switch
    {
        "B" => role is GraphRoles.Tokenizer or GraphRoles.TextEncoder or GraphRoles.Transformer ? Branches : 1,
        "S" => Tokens,
        "f" => Latents.Frames,
        "h" => Latents.Height,
        "w" => Latents.Width,
        "F" => Frames,
        "H" => Size.Height,
        "W" => Size.Width,
        _ => null,
    };

    private static PackShapes Of(PackContract contract, VideoSize size, int frames) => new()
    {
        Branches = contract.Sampling.Guidance == 1 ? 1 : 2,
        Tokens = contract.MaxTokens,
        Latents = contract.Latents.LatentsOf(size, frames),
        Frames = frames,
        Size = size,
    };
}
