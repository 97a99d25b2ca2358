using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>The tables of the store.</summary>
internal sealed class JobDatabase(DbContextOptions<JobDatabase> options) : DbContext(options)
{
    /// <summary>Goes up with every change of the tables.</summary>
    public const int Version = 2;

    /// <summary>How a database without a place for a version tells it.</summary>
    public static string VersionComment => $"seedance jobs, version {Version}";

    public DbSet<VideoJob> Jobs => Set<VideoJob>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ValueConverter<VideoOrder, string> json = new(
            order => JsonSerializer.Serialize(order, JsonSerializerOptions.Web),
            text => JsonSerializer.Deserialize<VideoOrder>(text, JsonSerializerOptions.Web)!);
        ValueConverter<JobProgress?, string?> progress = new(
            value => value == null ? null : JsonSerializer.Serialize(value, JsonSerializerOptions.Web),
            text => text == null ? null : JsonSerializer.Deserialize<JobProgress>(text, JsonSerializerOptions.Web));
        modelBuilder.Entity<VideoJob>(job =>
        {
            job.ToTable(nameof(Jobs), table => table.HasComment(VersionComment));
            job.HasKey(row => row.Number);
            job.Property(row => row.Number).ValueGeneratedOnAdd();
            job.HasIndex(row => row.Id).IsUnique();
            job.HasIndex(row => new { row.Owner, row.IdempotencyKey }).IsUnique();
            job.HasIndex(row => new { row.Status, row.Priority, row.Number });
            job.Property(row => row.Status).HasConversion<string>();
            job.Property(row => row.Told).HasConversion<string>();
            job.Property(row => row.Order).HasConversion(json);
            job.Property(row => row.Progress).HasConversion(progress);
            job.Ignore(row => row.HasEnded);
        });
    }
}
